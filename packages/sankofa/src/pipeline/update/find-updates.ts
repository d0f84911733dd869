import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import semver from 'semver'
import type { Project } from '../project.ts'
import { runCommand } from '../run-command.ts'
import { readAudit } from '../steps/advisories.ts'
import { type Choice, choose, type Installed } from './choose.ts'
import { groupPeers, type Updatable } from './group-peers.ts'
import { specsOf } from './manifest.ts'
import { type RegistryOptions, readPeers, readPublished } from './registry.ts'
import { type UpdateResult, upToDate } from './result.ts'

type Ready = Extract<Choice, { state: 'ready' }> & Updatable

/** Packages that are tried together; mostly one. */
export type Candidate = readonly Ready[]

export type Found = {
  /** Minor before major, known faults first. */
  readonly candidates: readonly Candidate[]
  /** What need not be tried. */
  readonly results: readonly UpdateResult[]
}

export type FindOptions = RegistryOptions & {
  readonly now: Date
  readonly coolDownMs: number
  /** Only these packages. */
  readonly only?: readonly string[]
}

/** As many askers as do not slow each other down on a laptop. */
const askers = 4

/** Looks through what an installed project names itself, in all its workspaces. */
export async function findUpdates(project: Project, options: FindOptions): Promise<Found> {
  const results: UpdateResult[] = []
  const affected = await readAffected(project, options)
  const installed = readInstalled(project).filter(({ name }) => options.only?.includes(name) ?? true)
  const choices = await mapSome(installed, async (one): Promise<readonly Choice[]> => {
    const published = await readPublished(one.name, options)
    const packages = [{ name: one.name, from: one.version, to: one.version }]
    if ('unknown' in published) {
      results.push({
        state: 'nothing to do',
        packages,
        reason: `the registry tells nothing of it: ${published.unknown}`,
      })
      return []
    }
    const found = choose(one, published, { ...options, affected: affected.get(one.name) ?? [] })
    if (found.length === 0) results.push({ state: 'nothing to do', packages, reason: upToDate })
    return found
  })
  for (const choice of choices.flat()) {
    if (choice.state === 'fresh') results.push(waiting(choice))
  }
  const ready = choices.flat().filter((choice) => choice.state === 'ready')
  const peers = await mapSome(ready, async (choice): Promise<Ready> => {
    const { name, from, to } = choice
    const [peersBefore, peersAfter] = [await readPeers(name, from, options), await readPeers(name, to, options)]
    return { ...choice, peersBefore, peersAfter }
  })
  const bySecurity = (one: Candidate, other: Candidate): number =>
    Number(other.some(({ security }) => security)) - Number(one.some(({ security }) => security))
  const candidates = (['minor', 'major'] as const).flatMap((reach) =>
    groupPeers(peers.filter((one) => one.reach === reach)).toSorted(bySecurity),
  )
  return { candidates, results }
}

const waiting = ({ name, from, to, reach, until }: Extract<Choice, { state: 'fresh' }>): UpdateResult => ({
  state: 'waits',
  packages: [{ name, from, to }],
  reach,
  reason: 'it was published only lately',
  until: until.toISOString(),
})

/** Ranges with known faults, by package; none where the registry has no audit. */
async function readAffected(
  { commands, root, manager }: Project,
  { env = {}, signal }: FindOptions,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const { stdout, stderr } = await runCommand(commands.audit, { cwd: root, env, signal })
  const answer = readAudit(manager, stdout, stderr)
  const ranges = new Map<string, string[]>()
  if ('unknown' in answer) return ranges
  for (const one of answer.advisories) ranges.set(one.package, [...(ranges.get(one.package) ?? []), one.affected])
  return ranges
}

/** What is installed of each named package; where workspaces differ, the oldest. */
function readInstalled({ packages, root }: Project): readonly Installed[] {
  const own = new Set(packages.map(({ name }) => name))
  const found = new Map<string, string>()
  for (const { directory, manifest } of packages) {
    for (const name of specsOf(manifest).keys()) {
      const version = installedVersion(name, directory, root)
      const other = found.get(name)
      if (version === undefined || own.has(name)) continue
      if (other === undefined || semver.lt(version, other)) found.set(name, version)
    }
  }
  return [...found].map(([name, version]) => ({ name, version })).sort((a, b) => a.name.localeCompare(b.name))
}

/** The version that code in `directory` gets. */
export function installedVersion(name: string, directory: string, root: string): string | undefined {
  for (let folder = directory; ; folder = dirname(folder)) {
    const file = join(folder, 'node_modules', name, 'package.json')
    if (existsSync(file)) {
      const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version?: string }
      return semver.valid(version) ?? undefined
    }
    if (folder === root || dirname(folder) === folder) return undefined
  }
}

async function mapSome<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = []
  const queue = [...items.entries()]
  const asker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) results[next[0]] = await work(next[1])
  }
  await Promise.all(Array.from({ length: askers }, asker))
  return results
}
