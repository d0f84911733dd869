import { type RolloutResult, runStudy, type Study, upperLimit } from 'sankofa/judge/simulate'
import { compare } from './compare.ts'
import { kindStudy, silenceStudy } from './side-rules.ts'
import { comparisons, harmless, harms, heavyUsers, innocent, type Row } from './studies.ts'
import { median, p90, percent, seconds, table } from './table.ts'

export type Options = {
  readonly json: boolean
  readonly seed?: number | undefined
  /** Rollouts of each row without harm; rows with harm take 15 % of it. 2,000 when absent. */
  readonly runs?: number | undefined
  log(line: string): void
}

const alpha = 0.01

/** `npm run bench -- judge`: how often the innocent are accused, how fast harm is found, and what others would do. */
export async function run(options: Options): Promise<Record<string, unknown>> {
  const seed = options.seed ?? 20_261_123
  const runs = options.runs ?? 2_000
  const harmRuns = Math.max(Math.round(runs * 0.15), 10)
  const { log } = options
  log(`seed ${seed} · ${runs} rollouts a row without harm, ${harmRuns} with · α = ${alpha}\n`)
  const startedMs = performance.now()

  const falseAlarms = innocent.map((row, i) => alarmsOf(row, seed + i, runs))
  log(table('A change that does nothing: whole rollouts that were undone', falseAlarms))
  const strata = [false, true].map((without) => alarmsOf(withoutStrata(heavyUsers, without), seed + 50, runs))
  log(table('The same for few customers who make most visits, with and without tenure strata', strata))

  const toLast = harmless.map((row, i) => timesOf(row, seed + 100 + i, harmRuns))
  log(table('A harmless change: from go to 99 %', toLast))

  const found = harms.map((row, i) => harmOf(row, seed + 200 + i, harmRuns))
  log(table('Harm: from go to the verdict, and customers harmed until 3 s after it', found))

  const others = comparisons.map((row, i) => compare(row, seed + 300 + i, harmRuns))
  log(table('Others on the same requests: four stages of 300 s; runs with an alarm, and its median time', others))

  const kinds = kindStudy(seed + 400, harmRuns)
  log(table('Errors of a kind never seen before: rollouts held', kinds))
  const silence = silenceStudy(seed + 500)
  log(table('A quiet shop that works: pauses a day because no request came for 2 min', silence))

  const most = mostAlarms(runs)
  const levelHolds = falseAlarms.every(({ alarms }) => alarms <= most) && (strata[0]?.alarms ?? 0) <= most
  const canFail = runs < 2_000 || (strata[1]?.alarms ?? 0) > most
  log(
    `at most ${most} alarms of ${runs} a row: ${levelHolds ? 'yes' : 'NO'}; broken without strata: ${canFail ? 'yes' : 'NO'}`,
  )
  log(`took ${seconds((performance.now() - startedMs) / 1_000)}`)
  return {
    ok: levelHolds && canFail,
    seed,
    runs,
    harmRuns,
    falseAlarms,
    strata,
    toLast,
    harm: found,
    others,
    kinds,
    silence,
  }
}

const study = (row: Row, seed: number, runs: number): readonly RolloutResult[] => runStudy({ ...row.study, seed, runs })

const isUndone = ({ outcome }: RolloutResult): boolean => outcome === 'undone'

function alarmsOf(row: Row, seed: number, runs: number) {
  const alarms = study(row, seed, runs).filter(isUndone).length
  return { case: row.name, alarms, 'upper 95 % limit': percent(upperLimit(alarms, runs)) }
}

function withoutStrata(row: Row, without: boolean): Row {
  const rollout: Study['rollout'] = { ...row.study.rollout, judge: { withoutTenureStrata: without } }
  return { name: `${row.name}, ${without ? 'without' : 'with'} strata`, study: { ...row.study, rollout } }
}

function timesOf(row: Row, seed: number, runs: number) {
  const times = study(row, seed, runs).flatMap(({ stageSeconds }) =>
    stageSeconds.length === 3 ? stageSeconds.slice(2) : [],
  )
  return {
    case: row.name,
    reached: percent(times.length / runs),
    median: seconds(median(times)),
    p90: seconds(p90(times)),
  }
}

function harmOf(row: Row, seed: number, runs: number) {
  const results = study(row, seed, runs)
  const undone = results.filter(isUndone)
  const times = undone.map((result) => result.seconds)
  const harmed = results.map((result) => result.harmed)
  const exposed = results.map((result) => result.exposed)
  return {
    case: row.name,
    found: percent(undone.length / runs),
    median: seconds(median(times)),
    p90: seconds(p90(times)),
    harmed: median(harmed),
    'harmed p90': p90(harmed),
    exposed: median(exposed),
  }
}

/** The most alarms whose upper limit stays below α; for few runs, what an exact 1 % exceeds once in a thousand. */
function mostAlarms(runs: number): number {
  let most = -1
  while (upperLimit(most + 1, runs) <= alpha) most++
  return most >= 0 ? most : Math.ceil(alpha * runs + 3.1 * Math.sqrt(alpha * runs) + 1)
}
