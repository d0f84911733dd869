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

/** @param most - how much is listed; every group has its turn, so that none hides behind a large one */
export function readNews(
  value: unknown,
  most: { readonly groups: number; readonly commits: number },
): ReleaseNews | null {
  const written = asRecord(value)
  const listed = readCommits(written?.commits)
  const missing = readCommits(written?.missing)
  if (listed.length + missing.length === 0) return null
  const byId = new Map(listed.map((commit) => [commit.id, commit]))
  const grouped = asList(written?.groups).flatMap((one): readonly Group[] => {
    const group = asRecord(one)
    const name = asText(group?.name)
    const commits = asList(group?.commits).flatMap((id) => (typeof id === 'string' ? (byId.get(short(id)) ?? []) : []))
    const kind = kinds.find((known) => known === group?.kind) ?? ''
    return name === undefined || commits.length === 0 ? [] : [{ kind, name: name.slice(0, longest), commits }]
  })
  const groups: readonly Group[] = grouped.length > 0 ? grouped : [{ kind: '', name: '', commits: listed }]
  return {
    commits: listed.length,
    groups: groups.slice(0, most.groups).map(({ commits, ...group }) => ({
      ...group,
      commits: commits.slice(0, most.commits),
      more: Math.max(0, commits.length - most.commits),
    })),
    moreGroups: Math.max(0, groups.length - most.groups),
    missing: missing.slice(0, most.commits),
  }
}

type Group = Omit<ReleaseNews['groups'][number], 'more'>
const kinds = ['folder', 'flag', 'migration'] as const

const longest = 160

const short = (id: string): string => id.slice(0, 10)

function readCommits(value: unknown): readonly NewCommit[] {
  const commits = asList(value).flatMap((one): readonly NewCommit[] => {
    const written = asRecord(one)
    const [id, title] = [asText(written?.id), asText(written?.title)]
    if (id === undefined || title === undefined) return []
    const author = asText(written?.author) ?? ''
    return [{ id: short(id), title: title.slice(0, longest), author: author.slice(0, longest) }]
  })
  return [...new Map(commits.map((commit) => [commit.id, commit])).values()]
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
