import { randomUUID } from 'node:crypto'
import * as ledger from '@sankofa/ledger'
import { inTransaction } from 'sankofa/db'
import { requestContext } from 'sankofa/observe'
import sql from 'sql-template-tag'
import type { Currency } from '../money.ts'
import { Problem } from '../problem.ts'
import type { Services } from '../services.ts'
import type { Charge } from './provider.ts'
import { walletOf } from './wallets.ts'

/** Writes down what is to come before the provider is asked for it. */
export async function startDeposit(
  { pool, toolkit }: Services,
  userId: string,
  amount: bigint,
  currency: Currency,
): Promise<Charge> {
  const reference = `dep-${randomUUID()}`
  await inTransaction(pool, async (client) => {
    await walletOf(client, userId, currency)
    await client.query(sql`
      insert into market.deposit (reference, user_id, currency, amount)
      values (${reference}::text, ${userId}::text, ${currency}::text, ${amount}::bigint)`)
    await toolkit.events.record(client, {
      type: 'deposit.started',
      subject: userId,
      actor: userId,
      reference,
      amount,
      currency,
    })
  })
  return { reference, amount, currency }
}

export type Told = { readonly provider: string; readonly event: string } & Charge
export type Credited = 'credited' | 'known-already'

/**
 * Credits a deposit that the provider says was paid: event, transfer, state and fact in one transaction, however often and
 * however simultaneously it is told.
 *
 * @throws Problem `not-found`, `amount-mismatch`
 */
export async function creditDeposit({ pool, toolkit, accounts }: Services, told: Told): Promise<Credited> {
  const own = await accounts()
  return inTransaction(pool, async (client) => {
    // The primary key makes the second telling wait here for the first, then do nothing.
    const { rowCount } = await client.query(sql`
      insert into market.provider_event (provider, reference, event)
      values (${told.provider}::text, ${told.reference}::text, ${told.event}::text)
      on conflict do nothing`)
    if (rowCount === 0) return 'known-already'

    const { rows } = await client.query<{ user_id: string; currency: Currency; amount: bigint; state: string }>(sql`
      select deposit.user_id, deposit.currency, deposit.amount, deposit.state
        from market.deposit as deposit
       where deposit.reference = ${told.reference}::text
         for update of deposit`)
    const deposit = rows[0]
    if (deposit === undefined) throw new Problem('not-found', `No deposit ${told.reference} was started here.`)
    if (deposit.amount !== told.amount || deposit.currency !== told.currency) {
      throw new Problem(
        'amount-mismatch',
        `Deposit ${told.reference} is for ${deposit.amount} ${deposit.currency}, the provider says ${told.amount} ${told.currency}. Nothing was credited.`,
      )
    }
    if (deposit.state === 'credited') return 'known-already'

    const wallet = await walletOf(client, deposit.user_id, deposit.currency)
    const requestId = requestContext()?.requestId
    const moved = await ledger.transfer(client, {
      key: `deposit/${told.reference}`,
      actor: `provider:${told.provider}`,
      reason: `deposit ${told.reference}`,
      ...(requestId === undefined ? {} : { requestId }),
      entries: [
        { account: own[deposit.currency].provider, amount: -deposit.amount },
        { account: wallet, amount: deposit.amount },
      ],
    })
    if (moved.kind === 'insufficient') throw new Error('The provider account has a limit; it must have none.')
    await client.query(sql`
      update market.deposit
         set state = 'credited', transfer_id = ${moved.transfer}::bigint, credited_at = clock_timestamp()
       where reference = ${told.reference}::text`)
    const entry = ledger.entryOf(moved, wallet)
    await toolkit.events.record(client, {
      type: 'deposit.credited',
      subject: deposit.user_id,
      actor: `provider:${told.provider}`,
      reference: told.reference,
      amount: deposit.amount,
      currency: deposit.currency,
      before: { wallet: entry.balanceBefore },
      after: { wallet: entry.balanceAfter },
    })
    return 'credited'
  })
}
