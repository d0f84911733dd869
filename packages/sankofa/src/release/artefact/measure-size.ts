import { type DependencyChange, dependencyChanges } from './size/dependencies.ts'
import { whichAreGenerated } from './size/generated.ts'
import { type Git, openGit } from './size/git.ts'
import { migrationOf } from './size/migrations.ts'

export type ChangedFile = {
  readonly path: string
  /** Where it was, when it was moved. */
  readonly was?: string
  /** Lines; `undefined` for a binary file, which counts as a file. */
  readonly added: number | undefined
  readonly removed: number | undefined
}

export type ChangeSize = {
  readonly from: string
  readonly to: string
  /** Added and removed, of the files that people wrote. */
  readonly lines: number
  readonly added: number
  readonly removed: number
  readonly files: number
  readonly binaryFiles: number
  readonly migrations: readonly string[]
  /** Ids of flags that are new in the settings. */
  readonly flags: readonly string[]
  readonly dependencies: readonly DependencyChange[]
  readonly changed: readonly ChangedFile[]
  /** The ten with most lines. */
  readonly largest: readonly ChangedFile[]
  /** Generated files, which count nowhere above, and why each is one. */
  readonly leftOut: readonly (ChangedFile & { readonly why: string })[]
}

export type SizeOptions = {
  readonly repository: string
  readonly from: string
  readonly to: string
  /** Ids of the flags in the settings of both. */
  readonly flags?: { readonly before: readonly string[]; readonly after: readonly string[] }
  /** Folders of migrations from the repository's root; by their usual names unless given. */
  readonly migrations?: readonly string[]
  readonly signal?: AbortSignal
}

/**
 * How much a release changes, as there is to be understood by whoever looks for what it broke.
 *
 * @throws SankofaError `RELEASE_SOURCE_WRONG`
 */
export async function measureSize(options: SizeOptions): Promise<ChangeSize> {
  const git = openGit(options.repository, options.signal)
  const [from, to] = [await git.commit(options.from), await git.commit(options.to)]
  const all = await changedFiles(git, from, to)
  const generated = await whichAreGenerated(
    git,
    to,
    all.map((file) => file.path),
  )
  const changed = all.filter((file) => !generated.has(file.path))
  const sum = (lines: (file: ChangedFile) => number | undefined): number =>
    changed.reduce((total, file) => total + (lines(file) ?? 0), 0)
  const added = sum((file) => file.added)
  const removed = sum((file) => file.removed)
  const before = new Set(options.flags?.before ?? [])
  return {
    from,
    to,
    lines: added + removed,
    added,
    removed,
    files: changed.length,
    binaryFiles: changed.filter((file) => file.added === undefined).length,
    migrations: [...new Set(changed.flatMap((file) => migrationOf(file.path, options.migrations) ?? []))].sort(),
    flags: (options.flags?.after ?? []).filter((flag) => !before.has(flag)),
    dependencies: await dependencyChanges(
      git,
      from,
      to,
      all.map((file) => file.path),
    ),
    changed,
    largest: [...changed].sort((a, b) => linesOf(b) - linesOf(a)).slice(0, 10),
    leftOut: all.flatMap((file) => {
      const why = generated.get(file.path)
      return why === undefined ? [] : [{ ...file, why }]
    }),
  }
}

export const linesOf = (file: ChangedFile): number => (file.added ?? 0) + (file.removed ?? 0)

async function changedFiles(git: Git, from: string, to: string): Promise<readonly ChangedFile[]> {
  const fields = (
    await git('diff-tree', '-r', '-z', '-M', '--numstat', '--no-ext-diff', '--no-textconv', from, to)
  ).split('\0')
  const files: ChangedFile[] = []
  for (let index = 0; index < fields.length; index += 1) {
    const [, plus, minus, name] = /^(\d+|-)\t(\d+|-)\t(.*)$/s.exec(fields[index] ?? '') ?? []
    if (plus === undefined || minus === undefined || name === undefined) continue
    const lines =
      plus === '-' ? { added: undefined, removed: undefined } : { added: Number(plus), removed: Number(minus) }
    // A file that was moved has no name here; the old and the new one follow.
    if (name !== '') files.push({ path: name, ...lines })
    else files.push({ path: fields[index + 2] ?? '', was: fields[index + 1] ?? '', ...lines })
    if (name === '') index += 2
  }
  return files
}
