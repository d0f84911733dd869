import { defineFlag, type Flag } from 'sankofa'
import type { FlagName } from './flag-names.ts'
import { bootForProof, checkOldPath, type ProofMarket, walkThrough } from './proof.ts'

export { serviceFeeBps } from './checkout/service-fee.ts'

const declare = (id: FlagName, title: string, owner: string): Flag =>
  defineFlag<ProofMarket>({
    id,
    title,
    owner,
    expires: '2027-06-30',
    proof: {
      prepare: bootForProof,
      async newPath(proof) {
        proof.on = new Set([id])
        await walkThrough(proof)
      },
      async oldPath(proof) {
        proof.on = new Set()
        await checkOldPath(proof)
      },
      close: ({ market }) => market.close(),
    },
  })

/** Demonstration changes: the faulty ones exist to be noticed and taken back, the others to be left alone. */
export const flags: readonly Flag[] = [
  declare('demo-broken-checkout', 'Demonstration: every exposed checkout fails', 'payments'),
  declare(
    'demo-bad-checkout',
    'Demonstration: one exposed checkout in ten fails, the others take 1.5 to 2 times as long',
    'payments',
  ),
  declare('demo-slow-search', 'Demonstration: exposed searches take 2 to 3 times as long', 'catalogue'),
  declare('demo-hang', 'Demonstration: an exposed checkout never answers', 'payments'),
  declare('demo-good-sorting', 'Products sorted by the alphabet of the reader', 'catalogue'),
  declare('demo-good-recommendations', 'Recommendations from what was bought together', 'catalogue'),
  declare('demo-good-receipt', 'Receipts dearest first, with a word of thanks', 'payments'),
]
