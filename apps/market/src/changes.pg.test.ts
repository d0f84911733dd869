import type { FlagPlan } from 'sankofa/flags'
import { defineFlag, flagKind } from 'sankofa/flags'
import type { Proof } from 'sankofa/journal'
import { createDatabase, expect, test } from '#harness'
import { flags } from './changes.ts'
import { bootForProof, checkOldPath, type ProofMarket, walkThrough } from './proof.ts'

const prove = async (
  pool: Parameters<typeof flagKind>[0]['pool'],
  declared: typeof flags,
  plan: FlagPlan,
): Promise<Proof> => flagKind({ pool, journal: { read: async () => [] }, flags: declared }).prove(plan)

test.each(flags.map((flag) => flag.id))(
  'the undo of %s is proved on rows that its new path wrote',
  { timeout: 60_000 },
  async (id) => {
    const db = await createDatabase()
    try {
      const proof = await prove(db.pool, flags, { flag: id })

      expect(proof.reason).toBeUndefined()
      expect(proof.ok).toBe(true)
      const newPathWorks = id.startsWith('demo-good') || id === 'demo-slow-search' || id === 'demo-bad-checkout'
      // Nine times in ten demo-bad-checkout gets through here; the proof is about the way back, whichever it was.
      if (id !== 'demo-bad-checkout')
        expect(proof.steps.some((step) => step.startsWith('The new path did its work'))).toBe(newPathWorks)
    } finally {
      await db.drop()
    }
  },
)

const planted = (what: string, statement: string) =>
  defineFlag<ProofMarket>({
    id: 'planted',
    title: what,
    owner: 'tests',
    expires: '2027-01-01',
    proof: {
      prepare: bootForProof,
      async newPath(proof) {
        await walkThrough(proof)
        await proof.market.pool.query(statement)
      },
      oldPath: checkOldPath,
      close: ({ market }) => market.close(),
    },
  })

test.each([
  ['a receipt of another shape', 'update market.shop_order set receipt = array[\'{"total": 1}\']', 'has no total'],
  ['lines without the goods', 'delete from market.order_line', 'lines of order'],
  [
    'a fee that the old path does not add',
    'update market.shop_order set goods = goods - 5, fee = fee + 5',
    'lines of order',
  ],
])(
  'a new path that writes %s is refused: the old path cannot read it',
  { timeout: 60_000 },
  async (what, statement, words) => {
    const db = await createDatabase()
    try {
      const proof = await prove(db.pool, [planted(what, statement)], { flag: 'planted' })

      expect(proof.ok).toBe(false)
      expect(proof.reason).toContain(words)
    } finally {
      await db.drop()
    }
  },
)
