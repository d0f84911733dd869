import type { NewCommit, ReleaseNews, ReleaseSize } from './contract.ts'

// Whoever made the release wrote these, perhaps with another version of Sankofa: what is not understood counts as absent.

/** @returns `null` when none of its figures is there */
export function readSize(value: unknown): ReleaseSize | null {
  const written = asRecord(value)
  if (written === undefined) return null
  const size: ReleaseSize = {
    lines: amount(written.lines),
    files: amount(written.files),
    migrations: amount(written.migrations),
    flags: amount(written.flags),
    dependencies: amount(written.dependencies),
  }
  return Object.values(size).every((figure) => figure === null) ? null : size
}

/** @param most - commits that are listed; those of the first groups come first */
export function readNews(value: unknown, most: number): ReleaseNews | null {
  const written = asRecord(value)
  const listed = asList(written?.commits).flatMap((one) => readCommit(one) ?? [])
  const byId = new Map(listed.map((commit) => [commit.id, commit]))
  const groups = asList(written?.groups).flatMap((one) => {
    const group = asRecord(one)
    const name = asText(group?.name)
    const commits = asList(group?.commits).flatMap((named) =>
      typeof named === 'string' ? (byId.get(named) ?? []) : (readCommit(named) ?? []),
    )
    return name === undefined || commits.length === 0 ? [] : [{ name, commits }]
  })
  const all = new Set([...listed, ...groups.flatMap(({ commits }) => commits)].map(({ id }) => id))
  if (all.size === 0) return null
  return {
    commits: all.size,
    ...shortened(groups.length > 0 ? groups : [{ name: '', commits: listed }], all.size, most),
  }
}

type Groups = ReleaseNews['groups']

function shortened(groups: Groups, all: number, most: number): { readonly groups: Groups; readonly more: number } {
  const kept: Groups[number][] = []
  const shown = new Set<string>()
  for (const { name, commits } of groups) {
    // A commit that touches two parts is listed under both, and counted once.
    const fits = commits.filter(({ id }) => shown.has(id) || (shown.size < most && shown.add(id)))
    if (fits.length > 0) kept.push({ name, commits: fits })
  }
  return { groups: kept, more: all - shown.size }
}

const longest = 160

function readCommit(value: unknown): NewCommit | undefined {
  const written = asRecord(value)
  const id = asText(written?.id) ?? asText(written?.commit)
  const title = asText(written?.title)
  if (id === undefined || title === undefined) return undefined
  return {
    id: id.slice(0, 10),
    title: title.slice(0, longest),
    author: asText(written?.author)?.slice(0, longest) ?? '',
  }
}

const asRecord = (value: unknown): Readonly<Record<string, unknown>> | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined
const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
const asText = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)

/** A figure, or the number of things that are named. */
const amount = (value: unknown): number | null => {
  if (typeof value === 'number' && Number.isFinite(value)) return value
  return Array.isArray(value) ? value.length : null
}
