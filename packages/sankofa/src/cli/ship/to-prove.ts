import { createHash } from 'node:crypto'
import { relative } from 'node:path'
import { digestOfGroup, groupsOf, type MigrationSet } from '../../migrate/index.ts'
import type { Base } from './base.ts'
import { askGit } from './git.ts'

/** As many as take half a minute, where nothing tells which are new. */
const lastUnlessTold = 20

/** The migrations whose undo is to be proved. */
export type ToProve = {
  readonly set: MigrationSet | undefined
  /** First and last group; all of the last few where absent. */
  readonly range?: { readonly from: string; readonly to: string }
  /** Why none is to be proved. */
  readonly none?: string
  /** Of everything that decides the proofs. */
  readonly digest: string
}

/** Those of these groups, which wait to go out. */
export function toProveOf(set: MigrationSet | undefined, groups: readonly string[]): ToProve {
  const [from] = groups
  if (set === undefined || from === undefined) return { set, none: 'no migration waits', digest: '' }
  return proving(set, { from, to: groups.at(-1) ?? from })
}

/** Those that are new since `base`, with all that stand on them; the last few where there is no such commit. */
export async function toProveSince(
  set: MigrationSet | undefined,
  repository: string | undefined,
  base: Base,
  ref: string,
): Promise<ToProve> {
  if (set === undefined || set.migrations.length === 0) return { set, none: 'there are no migrations', digest: '' }
  if (repository === undefined || base.commit === undefined) return proving(set, undefined)
  const { directory } = set
  const changed = await askGit(directory, 'diff', '--name-only', '--relative', '-z', base.commit, ref, '--', '.')
  // It lies outside the repository: nothing tells what is new.
  if (changed === undefined) return proving(set, undefined)
  const paths = changed.split('\0').filter((path) => path !== '')
  const isNew = (id: string): boolean => paths.some((path) => path === id || path.startsWith(id))
  const groups = groupsOf(set.migrations)
  const first = groups.find(({ migrations }) =>
    migrations.some(({ id, up, undo }) => {
      const files = [up.file, undo?.file].filter((file) => file !== undefined)
      return isNew(id) || files.some((file) => paths.includes(relative(directory, file)))
    }),
  )
  if (first === undefined) return { set, none: `no migration is new since ${base.words}`, digest: '' }
  return proving(set, { from: first.id, to: groups.at(-1)?.id ?? first.id })
}

export const toProveOptions = ({ range }: ToProve) => range ?? { last: lastUnlessTold }

function proving(set: MigrationSet, range: ToProve['range']): ToProve {
  const digest = createHash('sha256').update(JSON.stringify([set.tool, set.before ?? null, range ?? null]))
  for (const { id, migrations } of groupsOf(set.migrations)) digest.update(`\0${id} ${digestOfGroup(migrations)}`)
  return { set, digest: digest.digest('hex'), ...(range === undefined ? {} : { range }) }
}
