import { expect, test } from '#harness'
import { findAccount, openAccount } from './account.ts'
import { accountId } from './brand.ts'
import { install } from './install.ts'
import { statement } from './statement.ts'
import { inOwn, openBank } from './testing.ts'
import { transfer } from './transfer.ts'
import { verify } from './verify.ts'

const balanceOf = async (pool: Parameters<typeof verify>[0], owner: string, name = 'wallet') => {
  const client = await pool.connect()
  try {
    return (await findAccount(client, owner, name, 'NGN'))?.balance
  } finally {
    client.release()
  }
}

test('ten processes installing at once make one ledger', async ({ db }) => {
  await Promise.all(Array.from({ length: 6 }, () => install(db.pool)))

  expect(await verify(db.pool)).toEqual({ ok: true, accounts: 0, entries: 0 })
})

test('each entry says its sequence and the balance before and after, and the statement repeats them', async ({
  db,
}) => {
  const bank = await openBank(db.pool, 2, 1_000n)
  const [ama, kofi] = bank.wallets
  if (ama === undefined || kofi === undefined) throw new Error('two wallets were asked for')

  const moved = await bank.move(ama, kofi, 300n)

  expect(moved).toMatchObject({
    kind: 'transferred',
    replayed: false,
    entries: [
      { account: ama.id, sequence: 2n, amount: -300n, balanceBefore: 1_000n, balanceAfter: 700n },
      { account: kofi.id, sequence: 2n, amount: 300n, balanceBefore: 1_000n, balanceAfter: 1_300n },
    ],
  })
  const lines = await statement(db.pool, ama.id, { limit: 10 })
  expect(lines.map((line) => [line.sequence, line.amount, line.balanceAfter, line.actor])).toEqual([
    [2n, -300n, 700n, 'test'],
    [1n, 1_000n, 1_000n, 'test'],
  ])
  expect(await statement(db.pool, ama.id, { limit: 10, beforeSequence: 2n })).toHaveLength(1)
})

test('too little money moves nothing, and its key stays free', async ({ db }) => {
  const bank = await openBank(db.pool, 2, 100n)
  const [ama, kofi] = bank.wallets
  if (ama === undefined || kofi === undefined) throw new Error('two wallets were asked for')

  const refused = await bank.move(ama, kofi, 101n, 'rent')
  await bank.move(bank.world, ama, 1n)
  const later = await bank.move(ama, kofi, 101n, 'rent')

  expect(refused).toMatchObject({ kind: 'insufficient', account: ama.id, balance: 100n, minimum: 0n })
  expect(later).toMatchObject({ kind: 'transferred', replayed: false })
})

test('the same key moves the money once, and other parameters under it are refused', async ({ db }) => {
  const bank = await openBank(db.pool, 2, 100n)
  const [ama, kofi] = bank.wallets
  if (ama === undefined || kofi === undefined) throw new Error('two wallets were asked for')

  const results = await Promise.all(Array.from({ length: 5 }, () => bank.move(ama, kofi, 70n, 'once')))

  expect(results.map((result) => result.kind)).toEqual(Array(5).fill('transferred'))
  expect(results.filter((result) => result.kind === 'transferred' && !result.replayed)).toHaveLength(1)
  expect(await balanceOf(db.pool, 'user-0')).toBe(30n)
  await expect(bank.move(ama, kofi, 71n, 'once')).rejects.toMatchObject({ code: 'KEY_REUSED' })
  await expect(bank.move(kofi, bank.world, 70n, 'once')).rejects.toMatchObject({ code: 'KEY_REUSED' })
})

test('two who use one key for different accounts at once: one moves money, the other is told', async ({ db }) => {
  const bank = await openBank(db.pool, 4, 100n)
  const [a, b, c, d] = bank.wallets
  if (a === undefined || b === undefined || c === undefined || d === undefined)
    throw new Error('four wallets were asked for')

  const outcomes = await Promise.allSettled([bank.move(a, b, 10n, 'shared'), bank.move(c, d, 10n, 'shared')])

  expect(outcomes.map((outcome) => outcome.status).sort()).toEqual(['fulfilled', 'rejected'])
  expect(outcomes.find((outcome) => outcome.status === 'rejected')).toMatchObject({ reason: { code: 'KEY_REUSED' } })
  expect(await verify(db.pool)).toMatchObject({ ok: true })
})

test.each([
  ['leaves money over', [-10n, 9n], 'sum to zero'],
  ['has one entry', [-10n], 'at least two entries'],
  ['moves zero', [0n, 0n], 'moves nothing'],
  ['is larger than the database can keep', [-(2n ** 63n), 2n ** 63n], 'larger than PostgreSQL can keep'],
] as const)('a transfer that %s is refused', async (_name, amounts, words) => {
  const entries = amounts.map((amount, n) => ({ account: accountId(BigInt(n + 1)), amount }))
  const rows = amounts.map((_, n) => ({
    id: n + 1,
    owner: 'x',
    name: 'y',
    currency: 'NGN',
    balance: 100,
    minimum: 0,
    sequence: 0,
    held_in: null,
  }))
  const client = {
    query: async (query: { text: string }) => ({ rows: query.text.includes('for update') ? (rows as never[]) : [] }),
  }

  await expect(transfer(client, { key: 'k', actor: 'a', reason: 'r', entries })).rejects.toThrow(words)
})

test('a transfer balances in each currency, not across them', async ({ db }) => {
  const naira = await openBank(db.pool, 1, 100n, 'NGN')
  const dollars = await openBank(db.pool, 1, 100n, 'USD')
  const [ngn, usd] = [naira.wallets[0], dollars.wallets[0]]
  if (ngn === undefined || usd === undefined) throw new Error('two wallets were asked for')

  await expect(naira.move(ngn, usd, 10n)).rejects.toMatchObject({ code: 'BAD_TRANSFER' })
  expect(await verify(db.pool)).toMatchObject({ ok: true })
})

test('an account or a currency that does not exist is named', async ({ db }) => {
  const bank = await openBank(db.pool, 1, 100n)
  const [ama] = bank.wallets
  if (ama === undefined) throw new Error('a wallet was asked for')

  await expect(bank.move(ama, { ...ama, id: accountId(99n) }, 1n)).rejects.toThrow('There is no account 99')
  await expect(
    inOwn(db.pool, (client) => openAccount(client, { owner: 'x', name: 'y', currency: 'XYZ' })),
  ).rejects.toMatchObject({ code: 'CURRENCY_UNKNOWN' })
})

test('opening an account twice gives the same one', async ({ db }) => {
  const bank = await openBank(db.pool, 1, 0n)

  const again = await inOwn(db.pool, (client) =>
    openAccount(client, { owner: 'user-0', name: 'wallet', currency: 'NGN', holds: true }),
  )

  expect(again.id).toBe(bank.wallets[0]?.id)
  expect(again.heldIn).toBeDefined()
})

test('what goes back to the start of the transaction takes the money back with it', async ({ db }) => {
  const bank = await openBank(db.pool, 2, 100n)
  const [ama, kofi] = bank.wallets
  if (ama === undefined || kofi === undefined) throw new Error('two wallets were asked for')
  let ended = false

  const interrupted = inOwn(db.pool, async (client) => {
    await transfer(client, {
      key: 'cut',
      actor: 't',
      reason: 't',
      entries: [
        { account: ama.id, amount: -60n },
        { account: kofi.id, amount: 60n },
      ],
    })
    const { rows } = await client.query('select pg_backend_pid() as pid')
    ended = (await db.pool.query('select pg_terminate_backend($1::int) as ended', [rows[0].pid])).rows[0].ended
    await client.query('select 1')
  })

  await expect(interrupted).rejects.toThrow()
  expect(ended).toBe(true)
  expect(await balanceOf(db.pool, 'user-0')).toBe(100n)
  expect((await bank.move(ama, kofi, 60n, 'cut')).kind).toBe('transferred')
  expect(await balanceOf(db.pool, 'user-0')).toBe(40n)
  expect(await verify(db.pool)).toMatchObject({ ok: true })
})

test('a pool instead of a transaction cannot lose an update: it is refused when two meet', async ({ db }) => {
  const bank = await openBank(db.pool, 2, 1_000n)
  const [ama, kofi] = bank.wallets
  if (ama === undefined || kofi === undefined) throw new Error('two wallets were asked for')

  const outcomes = await Promise.allSettled(
    Array.from({ length: 20 }, (_, n) =>
      transfer(db.pool, {
        key: `pool-${n}`,
        actor: 't',
        reason: 't',
        entries: [
          { account: ama.id, amount: -1n },
          { account: kofi.id, amount: 1n },
        ],
      }),
    ),
  )

  const landed = outcomes.filter((outcome) => outcome.status === 'fulfilled').length
  expect(landed).toBeLessThan(20)
  expect(outcomes.filter((outcome) => outcome.status === 'rejected').map((outcome) => outcome.reason.code)).toEqual(
    Array(20 - landed).fill('NOT_IN_TRANSACTION'),
  )
  expect(await balanceOf(db.pool, 'user-0')).toBe(1_000n - BigInt(landed))
  expect(await verify(db.pool)).toMatchObject({ ok: true })
})
