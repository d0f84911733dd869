import { inspect } from 'node:util'
import type { Step, StepClient } from '../migration.ts'
import { readStatements } from '../sql/statement.ts'
import { toUnits } from '../sql/units.ts'

/** One statement on its way to PostgreSQL: of a SQL step as it was split, of a code step as the module sent it. */
export type Sent = {
  readonly sql: string
  /** Only code sends parameters. */
  readonly values?: readonly unknown[]
  /** 0-based, within the step. */
  readonly index: number
  readonly line?: number
  readonly inTransaction: boolean
}

/** Who wants to see, or change, what a step sends. Called in the order of the statements, never two at once. */
export interface StepWatcher {
  /** @returns statements to send instead; `undefined` sends it as it is */
  before?(sent: Sent, client: StepClient): Promise<readonly string[] | undefined>
  after?(sent: Sent, client: StepClient): Promise<void>
}

/** What surrounds the units of a step. Units that have no transaction are given one statement at a time. */
export interface UnitFrame {
  /** Where to begin again after a crash: units before this one are done. 0 unless told. */
  readonly firstUnit?: number
  /** After `begin`, before the first statement of the unit. */
  begun?(unit: number, client: StepClient): Promise<void>
  /** In the same transaction, before `commit`; for a unit without one, after its statements. */
  ending?(unit: number, client: StepClient, last: boolean): Promise<void>
}

/**
 * Runs a step on one connection: one transaction where possible. When it throws, the open transaction has been rolled
 * back, and units before it have been committed.
 *
 * @throws what PostgreSQL or the module throws, with `statement` and `line` where they are known
 */
export async function runStep(
  client: StepClient,
  step: Step,
  watcher: StepWatcher = {},
  frame: UnitFrame = {},
): Promise<void> {
  if (step.kind === 'code') return runCode(client, step, watcher, frame)
  const units = toUnits(await readStatements(step.sql, step.file), step.transaction)
  let index = 0
  for (const [number, unit] of units.entries()) {
    if (number < (frame.firstUnit ?? 0)) {
      index += unit.statements.length
      continue
    }
    const from = index
    await inUnit(client, unit.transaction, async () => {
      await frame.begun?.(number, client)
      index = from
      for (const statement of unit.statements) {
        const sent = { sql: statement.sql, line: statement.line, index, inTransaction: unit.transaction }
        await send(client, sent, watcher)
        index++
      }
      await frame.ending?.(number, client, number === units.length - 1)
    })
  }
  if (units.length === 0) await nothingToDo(client, frame)
}

async function runCode(
  client: StepClient,
  step: Extract<Step, { kind: 'code' }>,
  watcher: StepWatcher,
  frame: UnitFrame,
): Promise<void> {
  if ((frame.firstUnit ?? 0) > 0) return
  await inUnit(client, step.transaction, async () => {
    await frame.begun?.(0, client)
    let index = 0
    let within: string | undefined
    const watched = {
      query: async (...args: readonly unknown[]) => {
        const [first, second] = args
        const text = typeof first === 'string' ? first : (first as { readonly text: string }).text
        const values = Array.isArray(second) ? second : (first as { readonly values?: readonly unknown[] }).values
        const sent: Sent = {
          sql: text,
          index: index++,
          inTransaction: step.transaction,
          ...(values === undefined ? {} : { values }),
        }
        await watcher.before?.(sent, client)
        const answer = await (client.query as (...given: readonly unknown[]) => Promise<unknown>)(...args).catch(
          (error: unknown) => {
            throw noted(error, text)
          },
        )
        // Not before its first statement, which may be SET TRANSACTION.
        if (step.transaction) within ??= await transactionOf(client)
        await watcher.after?.(sent, client)
        return answer
      },
    }
    await step.run(watched as StepClient).catch((error: unknown) => {
      throw error instanceof Error ? error : new Error(`The module threw ${inspect(error)}`, { cause: error })
    })
    if (within !== undefined && (await transactionOf(client)) !== within) {
      throw new Error(
        'The module ended the transaction that it runs in, so that what it did before then stays. Leave "commit" and "rollback" out of it, or tell its tool that it runs without a transaction',
      )
    }
    await frame.ending?.(0, client, true)
  })
}

/** When it began tells one transaction from the next. */
async function transactionOf(client: StepClient): Promise<string> {
  const { rows } = await client.query<{ began: string }>(
    'select extract(epoch from pg_catalog.transaction_timestamp())::text as began',
  )
  return rows[0]?.began ?? ''
}

const noted = (error: unknown, statement: string, line?: number): unknown =>
  error instanceof Error ? Object.assign(error, { statement, line }) : error

/** An empty step still has its bookkeeping. */
const nothingToDo = (client: StepClient, frame: UnitFrame): Promise<void> =>
  inUnit(client, true, async () => {
    await frame.begun?.(0, client)
    await frame.ending?.(0, client, true)
  })

async function send(client: StepClient, sent: Sent, watcher: StepWatcher): Promise<void> {
  const instead = await watcher.before?.(sent, client)
  try {
    for (const sql of instead ?? [sent.sql]) await client.query(sql)
  } catch (error) {
    throw noted(error, sent.sql, sent.line)
  }
  await watcher.after?.(sent, client)
}

async function inUnit(client: StepClient, transaction: boolean, work: () => Promise<void>): Promise<void> {
  if (!transaction) return work()
  await client.query('begin')
  try {
    await work()
    await client.query('commit')
  } catch (error) {
    // The connection may be gone: the first error is the one that tells why.
    await client.query('rollback').catch(() => {})
    throw error
  }
}
