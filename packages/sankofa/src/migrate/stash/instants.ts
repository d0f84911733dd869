import { type AlterTableCmd, type AlterTableStmt, type Node, parseSync } from 'libpg-query'
import { deparse } from 'pgsql-deparser'
import type { StepClient } from '../migration.ts'
import type { Ours } from './as-ourselves.ts'
import { hideStatements, unhideStatements } from './hide.ts'
import type { Instant } from './kept.ts'
import { moveStatements, refill } from './move.ts'
import { nameOf, plainTable } from './step-shape.ts'
import { identifier, quoted } from './text-form.ts'

/** Puts hiding and moving in the place of what a step says, and what it makes anew in the place of what was hidden. */
export type Instants = {
  /** @returns statements to send instead */
  before(sql: string, client: StepClient): Promise<readonly string[] | undefined>
  after(sql: string, client: StepClient): Promise<void>
  /** Of these the step has not said what was foreseen. */
  pending(): readonly Instant[]
  /** Rows of moved tables that were put into the new ones, by id. */
  readonly refilled: ReadonlyMap<bigint, number>
}

/**
 * @param going - what this step destroys
 * @param coming - what the opposite step had, and this one makes again
 * @param ours - around what only the stash's owner may read
 */
export function instants(going: readonly Instant[], coming: readonly Instant[], ours: Ours): Instants {
  const done = new Set<string>()
  const refilled = new Map<bigint, number>()
  const keyOf = ({ id }: Instant, column = ''): string => `${id} ${column}`
  const all = [...going, ...coming]
  const hidden = (list: readonly Instant[]): readonly Instant[] =>
    list.filter(({ kept }) => kept.instant?.how === 'hide')

  async function alter(stmt: AlterTableStmt, client: StepClient): Promise<readonly string[] | undefined> {
    if (stmt.objtype !== 'OBJECT_TABLE' || hidden(all).length === 0) return undefined
    const oid = await oidOf(client, stmt.relation ?? {})
    const goes = hidden(going).find(({ kept }) => kept.oid === oid)
    const comes = hidden(coming).find(({ kept }) => kept.oid === oid)
    const [first, back, rest]: [string[], string[], Node[]] = [[], [], []]
    const alone = (commands: Node[]): Promise<string> =>
      deparse({ AlterTableStmt: { ...stmt, cmds: commands } } as Node)
    let replaced = false
    for (const each of stmt.cmds ?? []) {
      const command: AlterTableCmd = 'AlterTableCmd' in each ? each.AlterTableCmd : {}
      const added = command.def !== undefined && 'ColumnDef' in command.def ? command.def.ColumnDef : undefined
      const name = command.subtype === 'AT_AddColumn' ? added?.colname : command.name
      const isOf = (instant: Instant | undefined): instant is Instant =>
        instant?.kept.columns.includes(name ?? '') === true && !done.has(keyOf(instant, name))
      if (command.subtype === 'AT_DropColumn' && isOf(goes)) {
        first.push(...(await hideStatements(client, goes.kept, name ?? '')))
        done.add(keyOf(goes, name))
        replaced = true
      } else if (command.subtype === 'AT_AddColumn' && added !== undefined && isOf(comes)) {
        back.push(...(await unhideStatements(client, comes.kept, added)))
        done.add(keyOf(comes, name))
        replaced = true
      } else if (command.subtype === 'AT_DropColumn' || command.subtype === 'AT_DropConstraint') {
        first.push(await alone([each]))
      } else rest.push(each)
    }
    // PostgreSQL too drops before it adds, whatever the order.
    return replaced ? [...first, ...back, ...(rest.length === 0 ? [] : [await alone(rest)])] : undefined
  }

  async function drop(node: Node, client: StepClient): Promise<readonly string[] | undefined> {
    const moving = going.filter(({ kept }) => kept.instant?.how === 'move')
    if (!('DropStmt' in node) || node.DropStmt.removeType !== 'OBJECT_TABLE' || moving.length === 0) return undefined
    const moves: string[] = []
    const rest: Node[] = []
    for (const object of node.DropStmt.objects ?? []) {
      const oid = await oidOf(client, tableOf(object))
      const instant = moving.find(({ kept }) => kept.oid === oid)
      if (instant === undefined) rest.push(object)
      else {
        moves.push(...(await moveStatements(client, instant)))
        done.add(keyOf(instant))
      }
    }
    if (moves.length === 0) return undefined
    return rest.length === 0
      ? moves
      : [...moves, await deparse({ DropStmt: { ...node.DropStmt, objects: rest } } as Node)]
  }

  return {
    refilled,
    async before(sql, client) {
      if (all.length === 0) return undefined
      const node = parseSync(sql).stmts?.[0]?.stmt
      if (node === undefined) return undefined
      return 'AlterTableStmt' in node ? alter(node.AlterTableStmt, client) : drop(node, client)
    },
    async after(sql, client) {
      const moved = coming.filter(({ kept }) => kept.instant?.how === 'move')
      if (moved.length === 0) return
      const node = parseSync(sql).stmts?.[0]?.stmt
      const made = node !== undefined && 'CreateStmt' in node ? plainTable(node.CreateStmt) : undefined
      if (made === undefined) return
      for (const instant of moved) {
        if (instant.kept.name !== made.name || refilled.has(instant.id)) continue
        const rows = await ours(client, () => refill(client, instant))
        if (rows === undefined) continue
        refilled.set(instant.id, rows)
        done.add(keyOf(instant))
      }
    },
    pending: () =>
      all.filter((instant) => {
        const { columns, instant: form } = instant.kept
        return form?.how === 'move'
          ? !done.has(keyOf(instant))
          : columns.some((column) => !done.has(keyOf(instant, column)))
      }),
  }
}

function tableOf(object: Node): { readonly schemaname?: string; readonly relname?: string } {
  const words = 'List' in object ? (object.List.items ?? []) : []
  const [relname, schemaname] = words.flatMap((each) => ('String' in each ? [each.String.sval ?? ''] : [])).toReversed()
  return { ...(relname === undefined ? {} : { relname }), ...(schemaname === undefined ? {} : { schemaname }) }
}

async function oidOf(
  client: StepClient,
  range: { readonly schemaname?: string; readonly relname?: string },
): Promise<string | undefined> {
  const { schema, name } = nameOf(range)
  const text = schema === undefined ? identifier(name) : quoted({ schema, name })
  const { rows } = await client.query<{ oid: string | null }>('select pg_catalog.to_regclass($1)::oid::text as oid', [
    text,
  ])
  return rows[0]?.oid ?? undefined
}
