import { SankofaError } from '../../core/index.ts'
import type { Migration, Step } from '../migration.ts'
import { sha256, textOf } from './digest.ts'
import { type Row, readTexts } from './row.ts'
import type { Run } from './run.ts'

/** Why a migration cannot be taken back, as far as its row tells; `undefined`: it can. */
export function whyNoUndo(row: Row, migration: Migration | undefined): string | undefined {
  if (row.hasUndo) return undefined
  if (row.undoOrigin === null) return 'no undo was written for it'
  if (moduleOf(row, migration) !== undefined) return undefined
  return migration === undefined
    ? 'its undo is a module that is not in this folder, and no proof has recorded what the module does'
    : 'its undo is a module that was edited since it was applied, and no proof has recorded what it did before'
}

/**
 * The undo as it was applied with: from the database, so that neither an older checkout nor an edited file matters; for a
 * module the module itself where it is unchanged, since what it did on a shadow may depend on the rows there.
 *
 * @throws SankofaError `MIGRATION_NO_UNDO`
 */
export async function undoStepOf(run: Run, row: Row, migration: Migration | undefined): Promise<Step> {
  const reason = whyNoUndo(row, migration)
  if (reason !== undefined) throw new SankofaError('MIGRATION_NO_UNDO', { migration: row.id, reason })
  const module = moduleOf(row, migration)
  if (module !== undefined) return module
  const { undo, undoTransaction } = await readTexts(run.session.client, row.id)
  return { kind: 'sql', sql: undo ?? '', transaction: undoTransaction }
}

const moduleOf = (row: Row, migration: Migration | undefined): Step | undefined => {
  const undo = migration?.undo
  return undo?.kind === 'code' && sha256(textOf(undo)) === row.undoSha256 ? undo : undefined
}

/** As its tool's history knows it, from the database where its file is not here. */
export async function migrationOf(run: Run, row: Row, known: Migration | undefined): Promise<Migration> {
  if (known !== undefined) return known
  const texts = await readTexts(run.session.client, row.id)
  return { id: row.id, group: row.group, up: { kind: 'sql', sql: texts.up, transaction: texts.upTransaction } }
}
