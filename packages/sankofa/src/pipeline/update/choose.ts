import semver from 'semver'

/** A package that the project names itself, and how far it has come. */
export type Installed = { readonly name: string; readonly version: string }

/** What the registry knows of a package. */
export type Published = {
  readonly name: string
  readonly latest: string
  readonly versions: readonly { readonly version: string; readonly publishedAt?: Date }[]
}

/** How far an update goes: `minor` stays within what `^` promises, `major` leaves it. */
export type Reach = 'minor' | 'major'

export type Choice =
  | {
      readonly state: 'ready'
      readonly reach: Reach
      readonly name: string
      readonly from: string
      readonly to: string
      readonly security: boolean
    }
  | {
      readonly state: 'fresh'
      readonly reach: Reach
      readonly name: string
      readonly from: string
      readonly to: string
      readonly until: Date
    }

export type ChooseOptions = {
  readonly now: Date
  readonly coolDownMs: number
  /** Ranges of versions with a known fault. */
  readonly affected: readonly string[]
}

/**
 * The versions that a package could be brought to, at most one within its major version and one beyond, none newer than
 * its `latest`. Fresh versions wait: most that were published with malice were found within days. Where the installed one
 * has a known fault and only a fresh version mends it, the lowest of those does not wait.
 */
export function choose(installed: Installed, published: Published, options: ChooseOptions): readonly Choice[] {
  const newer = published.versions.filter(
    ({ version }) =>
      semver.valid(version) !== null &&
      semver.prerelease(version) === null &&
      semver.gt(version, installed.version) &&
      semver.lte(version, published.latest),
  )
  const within = (version: string): boolean => semver.satisfies(version, `^${installed.version}`)
  return (['minor', 'major'] as const).flatMap((reach) => {
    const found = newer.filter(({ version }) => within(version) === (reach === 'minor'))
    const chosen = chooseOf(installed, reach, found, options)
    return chosen === undefined ? [] : [chosen]
  })
}

function chooseOf(
  { name, version: from }: Installed,
  reach: Reach,
  found: Published['versions'],
  { now, coolDownMs, affected }: ChooseOptions,
): Choice | undefined {
  const hasFault = (version: string): boolean => affected.some((range) => semver.satisfies(version, range))
  // A registry that keeps no dates cannot be waited for.
  const readyAt = ({ publishedAt }: Published['versions'][number]): number => (publishedAt?.getTime() ?? 0) + coolDownMs
  const sorted = [...found].sort((one, other) => semver.compare(one.version, other.version))
  const old = sorted.filter((one) => readyAt(one) <= now.getTime())
  const ready = (to: string, security: boolean): Choice => ({ state: 'ready', reach, name, from, to, security })
  if (hasFault(from)) {
    const mended = old.findLast(({ version }) => !hasFault(version)) ?? sorted.find(({ version }) => !hasFault(version))
    if (mended !== undefined) return ready(mended.version, true)
  }
  const newest = old.at(-1)
  if (newest !== undefined) return ready(newest.version, false)
  const first = sorted.toSorted((one, other) => readyAt(one) - readyAt(other))[0]
  if (first === undefined) return undefined
  return { state: 'fresh', reach, name, from, to: first.version, until: new Date(readyAt(first)) }
}
