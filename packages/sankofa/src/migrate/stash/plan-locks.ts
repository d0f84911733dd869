import type { AlterTableCmd, Node, RangeVar } from 'libpg-query'
import type { StepClient } from '../migration.ts'
import type { TableName } from '../sql/effects.ts'
import type { Statement } from '../sql/statement.ts'
import { type LockMode, lockModes } from '../watch/observe-statement.ts'
import type { Affected } from './affected.ts'
import type { TableLock } from './stash-plan.ts'
import { nameOf } from './step-shape.ts'
import { fullName, type Table, tablesNamed, type World } from './world.ts'

const whole: LockMode = 'AccessExclusiveLock'
/** Others read, nobody writes: triggers are silenced and foreign keys made under it. */
const rows: LockMode = 'ShareRowExclusiveLock'

/** What is locked: tables that the step changes, and what a shadow run saw it lock. */
export type ToLock = {
  /** Tables of which something may be copied, hidden or moved; `anything`: nobody knows what the step does to them. */
  readonly affected: readonly (Affected & { readonly anything: boolean })[]
  readonly statements: readonly Statement[]
  readonly seen?: readonly { readonly table: string; readonly mode: LockMode }[]
}

/**
 * The strongest lock that a step, the stash around it and the trial of its opposite will want on each table that is there
 * before. All are taken at once: who holds one lock and waits for another may be waited for by a customer.
 */
export async function planLocks(
  client: StepClient,
  world: World,
  { affected, statements, seen = [] }: ToLock,
): Promise<readonly TableLock[]> {
  const found = new Map<string, TableLock>()
  const put = (relation: { readonly schema: string; readonly name: string }, mode: LockMode): boolean => {
    const name = fullName(relation)
    const before = found.get(name)
    if (before !== undefined && rank(before.mode) >= rank(mode)) return false
    found.set(name, { table: { schema: relation.schema, name: relation.name }, mode })
    return true
  }
  const want = (table: Table | undefined, mode: LockMode): void => {
    // What is another role's cannot be locked, nor can a step change it.
    if (table === undefined || !table.mine || table.kind === 'f' || !put(table, mode)) return
    for (const each of world.tables) if (each.parents.includes(table.oid)) want(each, mode)
  }
  const byOid = (oid: string): Table | undefined => world.tables.find((each) => each.oid === oid)
  /** A foreign key that goes, or is made again, takes its triggers from both tables. */
  const neighbours = (table: Table, columns: ReadonlySet<string> | 'all'): void => {
    const touches = (names: readonly string[]): boolean => columns === 'all' || names.some((name) => columns.has(name))
    for (const key of world.foreignKeys) {
      if (key.from === table.oid && touches(key.columns)) want(byOid(key.to), whole)
      if (key.to === table.oid && touches(key.references)) want(byOid(key.from), whole)
    }
    const parent = table.isPartition ? byOid(table.parents[0] ?? '') : undefined
    if (parent?.mine === true) put(parent, whole)
  }

  for (const { table, reshaped, anything, columns } of affected) {
    want(table, reshaped || anything ? whole : rows)
    if (reshaped || anything) neighbours(table, columns)
  }
  for (const { table, mode } of seen) {
    const relation = world.tables.find((each) => fullName(each) === table)
    if (relation?.mine === true && relation.kind !== 'f' && rank(mode) > rank('RowExclusiveLock')) put(relation, mode)
  }
  const byIndex = await tablesByIndex(client, statements)
  for (const { node } of statements) {
    for (const { name, mode, constraint } of locksOf(node)) {
      for (const table of tablesNamed(world, name)) {
        want(table, mode)
        const key = world.foreignKeys.find((each) => each.from === table.oid && each.name === constraint)
        if (key !== undefined) want(byOid(key.to), whole)
      }
      // Whoever reads a view locks it before its tables. Locking it locks those too.
      for (const view of world.views) {
        const isMeant = view.name === name.name && (name.schema === undefined || view.schema === name.schema)
        if (isMeant && view.tables.every((oid) => byOid(oid)?.mine === true)) put(view, mode)
      }
    }
    for (const index of droppedIndexes(node)) want(byOid(byIndex.get(index) ?? ''), whole)
  }
  return [...found.values()]
}

const rank = (mode: LockMode): number => lockModes.indexOf(mode)

type Wanted = { readonly name: TableName; readonly mode: LockMode; readonly constraint?: string }

function locksOf(node: Node): readonly Wanted[] {
  const on = (relation: RangeVar | undefined, mode: LockMode): readonly Wanted[] =>
    relation?.relname === undefined ? [] : [{ name: nameOf(relation), mode }]
  if ('AlterTableStmt' in node) {
    const { relation, cmds = [] } = node.AlterTableStmt
    return cmds.flatMap((each) => {
      const command = 'AlterTableCmd' in each ? each.AlterTableCmd : {}
      const dropped = command.subtype === 'AT_DropConstraint' ? command.name : undefined
      const own = on(relation, modeOf(command)).map((wanted) =>
        dropped === undefined ? wanted : { ...wanted, constraint: dropped },
      )
      return [...own, ...referred(command.def).flatMap((table) => on(table, rows))]
    })
  }
  if ('CreateStmt' in node) {
    const { tableElts = [], inhRelations = [], partbound } = node.CreateStmt
    const parents = inhRelations.flatMap((each) => ('RangeVar' in each ? on(each.RangeVar, whole) : []))
    return [...tableElts.flatMap(referred).flatMap((table) => on(table, rows)), ...(partbound ? parents : [])]
  }
  if ('RenameStmt' in node) return on(node.RenameStmt.relation, whole)
  if ('AlterObjectSchemaStmt' in node) return on(node.AlterObjectSchemaStmt.relation, whole)
  if ('IndexStmt' in node) return node.IndexStmt.concurrent === true ? [] : on(node.IndexStmt.relation, 'ShareLock')
  if ('CreateTrigStmt' in node) {
    return [...on(node.CreateTrigStmt.relation, rows), ...on(node.CreateTrigStmt.constrrel, rows)]
  }
  if ('ViewStmt' in node) return on(node.ViewStmt.view, whole)
  if ('RuleStmt' in node) return on(node.RuleStmt.relation, whole)
  if ('CreatePolicyStmt' in node) return on(node.CreatePolicyStmt.table, whole)
  if ('AlterPolicyStmt' in node) return on(node.AlterPolicyStmt.table, whole)
  if ('ClusterStmt' in node) return on(node.ClusterStmt.relation, whole)
  if ('TruncateStmt' in node) {
    return (node.TruncateStmt.relations ?? []).flatMap((each) => ('RangeVar' in each ? on(each.RangeVar, whole) : []))
  }
  if ('LockStmt' in node) {
    const mode = lockModes[(node.LockStmt.mode ?? 8) - 1] ?? whole
    return (node.LockStmt.relations ?? []).flatMap((each) => ('RangeVar' in each ? on(each.RangeVar, mode) : []))
  }
  if ('DropStmt' in node) {
    const { removeType = '', objects = [] } = node.DropStmt
    const onTable = ['OBJECT_TRIGGER', 'OBJECT_POLICY', 'OBJECT_RULE'].includes(removeType)
    if (!onTable && removeType !== 'OBJECT_TABLE' && removeType !== 'OBJECT_VIEW') return []
    return objects.flatMap((object) => {
      const words = wordsIn(object)
      const [name, schema] = (onTable ? words.slice(0, -1) : words).toReversed()
      return name === undefined ? [] : [{ name: schema === undefined ? { name } : { schema, name }, mode: whole }]
    })
  }
  return []
}

// Those that let others write meanwhile, or at least read. All others shut everybody out.
const gentle: Readonly<Record<string, LockMode>> = {
  AT_ValidateConstraint: 'ShareUpdateExclusiveLock',
  AT_SetStatistics: 'ShareUpdateExclusiveLock',
  AT_ClusterOn: 'ShareUpdateExclusiveLock',
  AT_DropCluster: 'ShareUpdateExclusiveLock',
  AT_EnableTrig: rows,
  AT_EnableTrigAll: rows,
  AT_EnableTrigUser: rows,
  AT_DisableTrig: rows,
  AT_DisableTrigAll: rows,
  AT_DisableTrigUser: rows,
}

function modeOf({ subtype, def }: AlterTableCmd): LockMode {
  const isKey = def !== undefined && 'Constraint' in def && def.Constraint.contype === 'CONSTR_FOREIGN'
  return subtype === 'AT_AddConstraint' && isKey ? rows : (gentle[subtype ?? ''] ?? whole)
}

/** Tables that foreign keys of a column or a constraint refer to. */
function referred(def: Node | undefined): readonly RangeVar[] {
  if (def === undefined) return []
  if ('ColumnDef' in def) return (def.ColumnDef.constraints ?? []).flatMap(referred)
  return 'Constraint' in def && def.Constraint.pktable !== undefined ? [def.Constraint.pktable] : []
}

const wordsIn = (object: Node): readonly string[] =>
  ('List' in object ? (object.List.items ?? []) : []).flatMap((each) =>
    'String' in each ? [each.String.sval ?? ''] : [],
  )

const droppedIndexes = (node: Node): readonly string[] =>
  'DropStmt' in node && node.DropStmt.removeType === 'OBJECT_INDEX' && node.DropStmt.concurrent !== true
    ? (node.DropStmt.objects ?? []).flatMap((object) => wordsIn(object).at(-1) ?? [])
    : []

async function tablesByIndex(
  client: StepClient,
  statements: readonly Statement[],
): Promise<ReadonlyMap<string, string>> {
  const names = statements.flatMap(({ node }) => droppedIndexes(node))
  if (names.length === 0) return new Map()
  const { rows: indexes } = await client.query<{ name: string; oid: string }>(
    `select class.relname as name, index.indrelid::text as oid
       from pg_catalog.pg_index as index join pg_catalog.pg_class as class on class.oid = index.indexrelid
      where class.relname = any ($1::text[])`,
    [names],
  )
  return new Map(indexes.map(({ name, oid }) => [name, oid]))
}
