import fc from 'fast-check'
import { expect, test } from '#harness'
import { hold, postHold, voidHold } from './hold.ts'
import { inOwn, openBank } from './testing.ts'
import { verify } from './verify.ts'

const wallets = 4
const funds = 100n

type Step =
  | { readonly do: 'move'; readonly from: number; readonly to: number; readonly amount: number; readonly key: number }
  | {
      readonly do: 'hold'
      readonly from: number
      readonly amount: number
      readonly resolve: 'post' | 'void' | 'both' | 'nothing'
    }

const index = fc.integer({ min: 0, max: wallets - 1 })
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant('move' as const),
    from: index,
    to: index,
    amount: fc.integer({ min: 1, max: 90 }),
    key: fc.integer({ min: 0, max: 30 }),
  }),
  fc.record({
    do: fc.constant('hold' as const),
    from: index,
    amount: fc.integer({ min: 1, max: 90 }),
    resolve: fc.constantFrom('post', 'void', 'both', 'nothing'),
  }),
)

test('random transfers and holds at once: the total is constant in every snapshot, nothing goes below zero, every entry follows the one before', async ({
  db,
}) => {
  const bank = await openBank(db.pool, wallets, funds)
  const at = (n: number) => {
    const wallet = bank.wallets[n]
    if (wallet === undefined) throw new Error(`there is no wallet ${n}`)
    return wallet
  }
  const seen = { transferred: 0, insufficient: 0, 'already-resolved': 0, refused: 0 }
  let round = 0

  const run = async (one: Step, n: number): Promise<void> => {
    if (one.do === 'move') {
      if (one.from === one.to) return
      // A key that two steps of a run share with other parameters is refused: that is an outcome here.
      const moved = await bank
        .move(at(one.from), at(one.to), BigInt(one.amount), `${round}-${one.key}`)
        .catch((error: { code?: string }) => {
          if (error.code !== 'KEY_REUSED') throw error
          return { kind: 'refused' as const }
        })
      seen[moved.kind] += 1
      return
    }
    const cause = { actor: 'test', reason: 'test' }
    const held = await inOwn(db.pool, (client) =>
      hold(client, { ...cause, key: `${round}-h${n}`, account: at(one.from).id, amount: BigInt(one.amount) }),
    )
    if (held.kind === 'insufficient') return
    const to = [{ account: at((one.from + 1) % wallets).id, amount: BigInt(Math.ceil(one.amount / 2)) }]
    const post = () =>
      inOwn(db.pool, (client) => postHold(client, { ...cause, key: `${round}-p${n}`, hold: held.hold, to }))
    const giveBack = () =>
      inOwn(db.pool, (client) => voidHold(client, { ...cause, key: `${round}-v${n}`, hold: held.hold }))
    const acts = { post: [post], void: [giveBack], both: [post, giveBack], nothing: [] }[one.resolve]
    for (const outcome of await Promise.all(acts.map((act) => act()))) seen[outcome.kind] += 1
  }

  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 30 }), async (steps) => {
      round += 1
      const work = Promise.all(steps.map(run))
      let running = true
      const finished = work.finally(() => {
        running = false
      })
      while (running) {
        const { rows } = await db.pool.query<{ total: string; lowest: bigint }>(
          'select sum(account.balance) as total, min(account.balance) filter (where account.minimum = 0) as lowest from ledger.account as account',
        )
        expect(rows[0]?.total).toBe('0')
        expect(rows[0]?.lowest).toBeGreaterThanOrEqual(0n)
      }
      await finished
      expect(await verify(db.pool)).toMatchObject({ ok: true })
    }),
    { numRuns: 60 },
  )

  // The property means nothing when the hard cases never came up.
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(0)
})
