import * as ledger from '@sankofa/ledger'
import sql from 'sql-template-tag'
import Type from 'typebox'
import type { App } from '../app.ts'
import { CurrencyCode, MinorUnits, Money, money, PositiveMinorUnits } from '../money.ts'
import { Problem } from '../problem.ts'
import type { Services } from '../services.ts'
import { startDeposit } from './deposits.ts'
import { readWallets, walletOf } from './wallets.ts'

const WalletBody = Type.Object({ currency: CurrencyCode, available: MinorUnits, held: MinorUnits })
const LineBody = Type.Object({
  sequence: Type.String(),
  at: Type.String(),
  amount: MinorUnits,
  balanceBefore: MinorUnits,
  balanceAfter: MinorUnits,
  actor: Type.String(),
  reason: Type.String(),
})
const DepositBody = Type.Object({
  reference: Type.String(),
  state: Type.Union([Type.Literal('initiated'), Type.Literal('credited')]),
  money: Money,
})

const largestDeposit = 1_000_000_000_00n

export function walletRoutes(app: App, services: Services): void {
  const { pool, signedIn, provider } = services

  app.get(
    '/wallets',
    { schema: { summary: 'What you have and what is on hold', response: { 200: Type.Array(WalletBody) } } },
    async (request, reply) => {
      const user = await signedIn(request, reply)
      const wallets = await readWallets(pool, user.id)
      return wallets.map((wallet) => ({
        currency: wallet.currency,
        available: wallet.available.toString(),
        held: wallet.held.toString(),
      }))
    },
  )

  app.get(
    '/wallets/:currency/statement',
    {
      schema: {
        summary: 'Every movement of a wallet, newest first, with the balance before and after',
        params: Type.Object({ currency: CurrencyCode }),
        querystring: Type.Object({
          before: Type.Optional(
            Type.String({ pattern: '^[0-9]{1,18}$', description: 'a sequence number, to page on' }),
          ),
        }),
        response: { 200: Type.Array(LineBody) },
      },
    },
    async (request, reply) => {
      const user = await signedIn(request, reply)
      const account = await walletOf(pool, user.id, request.params.currency)
      const { before } = request.query
      const lines = await ledger.statement(pool, account, {
        limit: 50,
        ...(before === undefined ? {} : { beforeSequence: BigInt(before) }),
      })
      return lines.map((line) => ({
        sequence: line.sequence.toString(),
        at: line.at.toISOString(),
        amount: line.amount.toString(),
        balanceBefore: line.balanceBefore.toString(),
        balanceAfter: line.balanceAfter.toString(),
        actor: line.actor,
        reason: line.reason,
      }))
    },
  )

  app.post(
    '/deposits',
    {
      schema: {
        summary: 'Pay in by the simulated provider; the wallet is credited when its webhook comes',
        body: Type.Object({ amount: PositiveMinorUnits, currency: CurrencyCode }, { additionalProperties: false }),
        response: { 202: DepositBody },
      },
    },
    async (request, reply) => {
      const user = await signedIn(request, reply)
      const amount = BigInt(request.body.amount)
      if (amount > largestDeposit)
        throw new Problem('bad-request', `Pay in at most ${largestDeposit} minor units at once.`)
      const charge = await startDeposit(services, user.id, amount, request.body.currency)
      provider.charge(charge)
      return reply
        .code(202)
        .send({ reference: charge.reference, state: 'initiated', money: money(charge.amount, charge.currency) })
    },
  )

  app.get(
    '/deposits/:reference',
    {
      schema: {
        summary: 'How far a deposit is',
        params: Type.Object({ reference: Type.String({ maxLength: 60 }) }),
        response: { 200: DepositBody },
      },
    },
    async (request, reply) => {
      const user = await signedIn(request, reply)
      const { rows } = await pool.query<{
        reference: string
        state: 'initiated' | 'credited'
        amount: bigint
        currency: 'NGN' | 'USD'
      }>(sql`
        select deposit.reference, deposit.state, deposit.amount, deposit.currency
          from market.deposit as deposit
         where deposit.reference = ${request.params.reference}::text and deposit.user_id = ${user.id}::text`)
      const row = rows[0]
      if (row === undefined) throw new Problem('not-found', `You have no deposit ${request.params.reference}.`)
      return { reference: row.reference, state: row.state, money: money(row.amount, row.currency) }
    },
  )
}
