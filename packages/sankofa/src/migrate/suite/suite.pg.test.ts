import { inject } from 'vitest'
import { afterAll, beforeAll, describe, expect, test } from '#harness'
import { proveGroup } from '../prove/prove-group.ts'
import { cases } from './cases.ts'
import { compareProof, explain } from './compare-proof.ts'
import { groupOfCase } from './group-of-case.ts'
import { isKnownHere } from './known-here.ts'
import { openFaults } from './open-faults.ts'
import { ignore, openSuiteShadow, type SuiteShadow, shareBases } from './suite-shadow.ts'

let opened: SuiteShadow
beforeAll(async () => {
  opened = await openSuiteShadow(inject('postgresUrl'))
})
afterAll(() => opened.close())

const withBase = shareBases(Object.values(cases).flatMap((list) => list.map(({ base }) => base)))

for (const [kind, list] of Object.entries(cases)) {
  // A busy machine takes its time; what hangs ends all the same.
  describe.concurrent(kind, { timeout: 120_000 }, () => {
    for (const one of list.filter(isKnownHere)) {
      const run = Object.hasOwn(openFaults, one.name) ? test.fails : test
      run(one.name, async () => {
        const proof = await withBase(opened, one.base, (base) =>
          proveGroup(opened.shadow, base, groupOfCase(one), { ignore, statements: [], now: Date.now }),
        )

        const [wanted, said] = compareProof(one.expect, proof)
        expect(said, explain(proof)).toEqual(wanted)
      })
    }
  })
}
