import { expect, test } from '#harness'
import type { Account } from './account.ts'
import { findAccount } from './account.ts'
import { hold, postHold, voidHold } from './hold.ts'
import { inOwn, openBank } from './testing.ts'
import { verify } from './verify.ts'

const cause = { actor: 'test', reason: 'test' }

async function openWallet(pool: Parameters<typeof openBank>[0], funds: bigint) {
  const bank = await openBank(pool, 2, funds)
  const [wallet, shop] = bank.wallets
  if (wallet === undefined || shop === undefined) throw new Error('two wallets were asked for')
  const balances = async () => {
    const read = async (account: Account, name: string) =>
      (await findAccount(pool, account.owner, name, 'NGN'))?.balance
    return {
      free: await read(wallet, 'wallet'),
      held: await read(wallet, 'wallet:held'),
      shop: await read(shop, 'wallet'),
    }
  }
  const holdIn = async (amount: bigint, key: string) => {
    const held = await inOwn(pool, (client) => hold(client, { ...cause, key, account: wallet.id, amount }))
    if (held.kind !== 'held') throw new Error('the wallet has too little')
    return held.hold
  }
  return { wallet, shop, balances, holdIn }
}

test('money on hold cannot be spent, and posting part of it returns the rest', async ({ db }) => {
  const { wallet, shop, balances, holdIn } = await openWallet(db.pool, 100n)
  const id = await holdIn(80n, 'h')

  const second = await inOwn(db.pool, (client) =>
    hold(client, { ...cause, key: 'h2', account: wallet.id, amount: 21n }),
  )
  const during = await balances()
  const posted = await inOwn(db.pool, (client) =>
    postHold(client, { ...cause, key: 'p', hold: id, to: [{ account: shop.id, amount: 50n }] }),
  )

  expect(second.kind).toBe('insufficient')
  expect(during).toEqual({ free: 20n, held: 80n, shop: 100n })
  expect(posted.kind).toBe('transferred')
  expect(await balances()).toEqual({ free: 50n, held: 0n, shop: 150n })
})

test('a voided hold gives everything back', async ({ db }) => {
  const { balances, holdIn } = await openWallet(db.pool, 100n)
  const id = await holdIn(80n, 'h')

  await inOwn(db.pool, (client) => voidHold(client, { ...cause, key: 'v', hold: id }))

  expect(await balances()).toEqual({ free: 100n, held: 0n, shop: 100n })
})

test('posts and voids of one hold at the same moment: exactly one resolves it', async ({ db }) => {
  const { shop, balances, holdIn } = await openWallet(db.pool, 1_000n)

  for (let round = 0; round < 10; round++) {
    const id = await holdIn(10n, `h${round}`)
    const outcomes = await Promise.all([
      ...['a', 'b'].map((who) =>
        inOwn(db.pool, (client) =>
          postHold(client, { ...cause, key: `${round}${who}`, hold: id, to: [{ account: shop.id, amount: 10n }] }),
        ),
      ),
      ...['c', 'd'].map((who) =>
        inOwn(db.pool, (client) => voidHold(client, { ...cause, key: `${round}${who}`, hold: id })),
      ),
    ])
    expect(outcomes.map((outcome) => outcome.kind).sort()).toEqual([
      'already-resolved',
      'already-resolved',
      'already-resolved',
      'transferred',
    ])
  }

  const { free, held, shop: paid } = await balances()
  expect((free ?? 0n) + (paid ?? 0n)).toBe(2_000n)
  expect(held).toBe(0n)
  expect(await verify(db.pool)).toMatchObject({ ok: true })
})

test('the same key resolves once and gives the first result again', async ({ db }) => {
  const { shop, balances, holdIn } = await openWallet(db.pool, 100n)
  const id = await holdIn(10n, 'h')
  const post = () =>
    inOwn(db.pool, (client) =>
      postHold(client, { ...cause, key: 'p', hold: id, to: [{ account: shop.id, amount: 10n }] }),
    )

  const first = await post()
  const again = await post()

  expect([first, again]).toMatchObject([{ replayed: false }, { replayed: true }])
  expect(await holdIn(10n, 'h')).toBe(id)
  expect(await balances()).toEqual({ free: 90n, held: 0n, shop: 110n })
})

test('more than is held cannot be posted', async ({ db }) => {
  const { shop, balances, holdIn } = await openWallet(db.pool, 100n)
  const id = await holdIn(10n, 'h')

  await expect(
    inOwn(db.pool, (client) =>
      postHold(client, { ...cause, key: 'p', hold: id, to: [{ account: shop.id, amount: 11n }] }),
    ),
  ).rejects.toMatchObject({ code: 'ABOVE_HOLD' })
  expect(await balances()).toEqual({ free: 90n, held: 10n, shop: 100n })
})

test('a resolved hold cannot be opened again, not even by hand', async ({ db }) => {
  const { holdIn } = await openWallet(db.pool, 100n)
  const id = await holdIn(10n, 'h')
  await inOwn(db.pool, (client) => voidHold(client, { ...cause, key: 'v', hold: id }))

  await expect(db.pool.query("update ledger.hold set state = 'open', resolved_by = null")).rejects.toThrow(
    'resolved exactly once',
  )
})

test('verify names a hold whose money is not there', async ({ db }) => {
  const { holdIn } = await openWallet(db.pool, 100n)
  await holdIn(10n, 'h')
  await db.pool.query(
    'alter table ledger.hold disable trigger all; update ledger.hold set amount = 11; alter table ledger.hold enable trigger all',
  )

  expect(await verify(db.pool)).toMatchObject({ ok: false, check: 'what is held is the sum of the open holds' })
})
