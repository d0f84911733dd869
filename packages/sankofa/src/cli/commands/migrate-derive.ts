import { join, relative } from 'node:path'
import { SankofaError } from '../../core/index.ts'
import { type MigrationSet, proveMigrations, type Tool } from '../../migrate/index.ts'
import { writeDerived } from '../derived-file.ts'
import { findSet } from '../find-set.ts'
import { neededFirst, type Place, summaryHere } from '../next-step.ts'
import { AnswerIsNo, type OutputOptions, print } from '../output.ts'

export type DeriveOptions = OutputOptions & {
  readonly dir?: string
  readonly tool?: Tool
  readonly shadow?: string
  readonly force?: boolean
}

/**
 * Derives an undo from the difference of the schemas, proves it, and writes the file only when it is proved, and never over
 * what a person wrote. Needs only the files, as `prove` does.
 */
export async function migrateDeriveCommand(name: string, options: DeriveOptions): Promise<void> {
  const from = process.env.INIT_CWD ?? process.cwd()
  const found = await findSet(from, options.dir, { tool: options.tool, shadow: options.shadow })
  const place: Place = { from, directory: options.dir, found }
  const { set, shadowUrl } = found
  const wanted = set.migrations.find(({ id, group }) => id === name || group === name)
  if (wanted === undefined) {
    const known = set.migrations.slice(-5).map(({ id }) => id)
    throw new SankofaError('MIGRATION_GROUP_UNKNOWN', { group: name, known })
  }
  const without = {
    ...set,
    migrations: set.migrations.map((migration) => {
      if (migration.id !== wanted.id) return migration
      const { undo: _written, ...rest } = migration
      return rest
    }),
  }
  // Whoever runs the file may have any server that Sankofa works with.
  const range = { from: wanted.group, to: wanted.group, runsOn: 15 }
  const { proofs } = await proveMigrations(without, { ...range, ...(shadowUrl === undefined ? {} : { shadowUrl }) })
  const [proof] = proofs
  const summary = proof === undefined ? undefined : summaryHere(proof, place)
  const derived = proof?.derivedUndo?.[wanted.id]
  if (proof === undefined || derived === undefined || summary === undefined) {
    const why = summary?.text ?? 'nothing came of its proof'
    print(options, { proof }, [`✗ ${wanted.id}: no undo could be derived: ${why}`])
    throw new AnswerIsNo()
  }
  const file = undoFile(set, wanted)
  const sql = [...(proof.derived?.notes ?? []).map((note) => `-- ${note}`), derived].join('\n')
  const written = file !== undefined && proof.ok && (await writeDerived(file, sql, { force: options.force === true }))
  const kept = file !== undefined && proof.ok && !written
  const here = file === undefined ? '' : relative(from, file)
  print(options, { file, written, sql, proof }, [
    `${summary.mark} ${wanted.group}: ${summary.text}`,
    ...(written ? [`Wrote ${here}.`] : [sql]),
    ...(kept
      ? [`Not written: ${here} was written by hand, and is as it was. With --force the above takes its place.`]
      : []),
    ...(kept || summary.next === undefined
      ? []
      : [`next: ${summary.next}`, neededFirst([summary.next], place) ?? []].flat()),
  ])
  if (!proof.ok || kept) throw new AnswerIsNo()
}

/** Where the tool would look for it; `undefined` where an undo is a function of a module, or a section of a file. */
function undoFile(set: MigrationSet, { up }: MigrationSet['migrations'][number]): string | undefined {
  if (up.kind !== 'sql' || up.file === undefined) return undefined
  if (set.tool === 'sankofa') return join(up.file, '..', 'undo.sql')
  if (set.tool === 'diesel' || set.tool === 'prisma') return join(up.file, '..', 'down.sql')
  if (set.tool === 'golang-migrate') return up.file.replace(/\.up\.sql$/, '.down.sql')
  return undefined
}
