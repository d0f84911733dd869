import { withScratchServer } from 'sankofa/db'
import type { BenchOptions } from '../options.ts'
import { deployerMoments, runDeployerKills } from './deployer.ts'
import { allKills, runKills, victims } from './kills.ts'

/** `kill -9` of each of the processes at each moment of a release's way out and back. */
export async function run(options: BenchOptions): Promise<Record<string, unknown>> {
  const results = await runKills(allKills, options.log)
  const table = victims.map((victim) => {
    const of = results.filter((result) => result.victim === victim)
    const times = of.map(({ rightAfterMs }) => Math.round(rightAfterMs)).toSorted((a, b) => a - b)
    return {
      victim,
      kills: of.length,
      landed: of.filter(({ landed }) => landed).length,
      wrong: of.filter(({ wrong }) => wrong.length > 0).length,
      rightAfterMsMedian: times[Math.floor(times.length / 2)] ?? 0,
      rightAfterMsMaximum: times.at(-1) ?? 0,
    }
  })
  for (const row of table)
    options.log(
      `${row.victim}: ${row.landed} of ${row.kills} landed, ${row.wrong} wrong afterwards; right after ${row.rightAfterMsMedian} ms, longest ${row.rightAfterMsMaximum} ms (the way back included)`,
    )
  const deployer = await withScratchServer((url) => runDeployerKills(url, deployerMoments, options.log))
  const deployed = deployer.filter(({ wrong }) => wrong.length === 0).length
  options.log(`deployer: ${deployed} of ${deployer.length} right when it was run again`)
  const allRight = deployer.every(({ signal, wrong }) => signal === 'SIGKILL' && wrong.length === 0)
  return { table, deployer, ok: allRight && results.every(({ landed, wrong }) => landed && wrong.length === 0) }
}
