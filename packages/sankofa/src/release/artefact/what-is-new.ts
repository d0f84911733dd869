import { openGit } from './size/git.ts'
import { migrationOf } from './size/migrations.ts'

export type NewCommit = {
  readonly id: string
  readonly title: string
  readonly author: string
  /** ISO 8601. */
  readonly at: string
  readonly files: readonly string[]
}

/** Where to look: commits by what they touched. A commit is in every group that it touched. */
export type NewGroup = {
  readonly kind: 'folder' | 'flag' | 'migration'
  readonly name: string
  /** Ids, the newest first. */
  readonly commits: readonly string[]
  readonly files: number
}

export type WhatIsNew = {
  readonly from: string
  readonly to: string
  /** The newest first; merges are not told, what they brought is. */
  readonly commits: readonly NewCommit[]
  /** Commits of the older release that the newer one lacks, when it was not made on top of it. */
  readonly missing: readonly NewCommit[]
  readonly groups: readonly NewGroup[]
}

export type NewsOptions = {
  readonly repository: string
  readonly from: string
  readonly to: string
  /** Ids to look for: a commit that adds or takes away such a word belongs to the flag. */
  readonly flags?: readonly string[]
  readonly migrations?: readonly string[]
  readonly signal?: AbortSignal
}

/** @throws SankofaError `RELEASE_SOURCE_WRONG` */
export async function whatIsNew(options: NewsOptions): Promise<WhatIsNew> {
  const git = openGit(options.repository, options.signal)
  const [from, to] = [await git.commit(options.from), await git.commit(options.to)]
  const between = async (range: string): Promise<readonly NewCommit[]> =>
    parseLog(
      await git(
        'log',
        '--no-merges',
        '--no-show-signature',
        '--no-renames',
        '-z',
        '--name-only',
        '--format=%x01%H%x02%an%x02%aI%x02%s%x02',
        range,
        '--',
      ),
    )
  const commits = await between(`${from}..${to}`)
  const flags: NewGroup[] = []
  for (const flag of options.flags ?? []) {
    const found = await git('log', '--no-merges', '--format=%H', `-S${flag}`, `${from}..${to}`, '--')
    const ids = new Set(found.split('\n').filter((line) => line !== ''))
    const touching = commits.filter((commit) => ids.has(commit.id))
    if (touching.length > 0) flags.push(group('flag', flag, touching, () => true))
  }
  const byFiles = (kind: 'folder' | 'migration', nameOf: (path: string) => string | undefined): readonly NewGroup[] => {
    const names = new Set(commits.flatMap((commit) => commit.files.flatMap((path) => nameOf(path) ?? [])))
    return [...names].sort().map((name) => {
      const isIn = (path: string): boolean => nameOf(path) === name
      return group(
        kind,
        name,
        commits.filter((commit) => commit.files.some(isIn)),
        isIn,
      )
    })
  }
  const groups = [
    ...byFiles('migration', (path) => migrationOf(path, options.migrations)),
    ...flags,
    ...byFiles('folder', topFolder),
  ]
  return { from, to, commits, missing: await between(`${to}..${from}`), groups }
}

/**
 * The folder that says where: the first, the second where the first only gathers packages, and the one below `src` where that
 * is next. `.` for files beside them.
 */
export function topFolder(path: string): string {
  const folders = path.split('/').slice(0, -1)
  const depth = /^(?:packages|apps|services|libs|modules|src)$/.test(folders[0] ?? '') ? 2 : 1
  const isBelowSource = folders[depth] === 'src' && folders.length > depth + 1
  return folders.length === 0 ? '.' : folders.slice(0, isBelowSource ? depth + 2 : depth).join('/')
}

function group(
  kind: NewGroup['kind'],
  name: string,
  commits: readonly NewCommit[],
  isIn: (path: string) => boolean,
): NewGroup {
  const files = new Set(commits.flatMap((commit) => commit.files.filter(isIn)))
  return { kind, name, commits: commits.map((commit) => commit.id), files: files.size }
}

function parseLog(output: string): readonly NewCommit[] {
  return output
    .split('\x01')
    .slice(1)
    .map((text) => {
      const [id = '', author = '', at = '', title = '', files = ''] = text.split('\x02')
      const paths = files.split('\0').map((path) => path.replace(/^\n/, ''))
      return { id, author, at, title, files: paths.filter((path) => path !== '') }
    })
}
