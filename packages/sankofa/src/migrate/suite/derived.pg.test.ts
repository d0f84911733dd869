import { inject } from 'vitest'
import { afterAll, beforeAll, describe, expect, test } from '#harness'
import { compareCatalogues } from '../catalogue/compare-catalogues.ts'
import { readCatalogue } from '../catalogue/read-catalogue.ts'
import { deriveUndo } from '../derive/derive-undo.ts'
import { runGroup, StepFailed, stepsOf } from '../prove/run-group.ts'
import { fillRows } from '../rows/fill-rows.ts'
import type { ShadowDatabase } from '../shadow/shadow.ts'
import type { Case } from './case.ts'
import { cases } from './cases.ts'
import { groupOfCase, sqlStep } from './group-of-case.ts'
import { isKnownHere } from './known-here.ts'
import { openFaultsOfDerived } from './open-faults.ts'
import { ignore, openSuiteShadow, type SuiteShadow, withBase } from './suite-shadow.ts'

let opened: SuiteShadow
beforeAll(async () => {
  opened = await openSuiteShadow(inject('postgresUrl'))
})
afterAll(() => opened.close())

for (const [kind, list] of Object.entries(cases)) {
  // A busy machine takes its time; what hangs ends all the same.
  describe.concurrent(kind, { timeout: 120_000 }, () => {
    for (const one of distinct(list).filter(isKnownHere)) {
      const run = Object.hasOwn(openFaultsOfDerived, one.name) ? test.fails : test
      run(`derived: ${one.name}`, async () => {
        const { grade, why } = await withBase(opened, one.base, (base) => tryDerived(base, one))

        expect(grade, why).toBe(one.expect.derived ?? 'exact')
      })
    }
  })
}

/** Many cases have the same up: what is derived does not depend on the undo that was written. */
function distinct(list: readonly Case[]): readonly Case[] {
  const byUp = new Map<string, Case>()
  for (const one of list) {
    const key = JSON.stringify([one.base, one.up])
    if (!byUp.has(key)) byUp.set(key, one)
  }
  return [...byUp.values()]
}

async function tryDerived(base: ShadowDatabase, one: Case): Promise<{ readonly grade: string; readonly why: string }> {
  const client = await base.connect()
  let derived = ''
  try {
    await fillRows(client, { rowsPerTable: 4, seed: 1, ignore, tame: true })
    const before = await readCatalogue(client)
    await runGroup(client, stepsOf(groupOfCase(one), 'up'), { observe: false })
    derived = deriveUndo(before, await readCatalogue(client)).statements.join(';\n')
    await runGroup(client, [{ id: one.name, step: sqlStep(derived) }], { observe: false })
    const { grade, differences } = compareCatalogues(before, await readCatalogue(client))
    return { grade, why: [derived, ...differences.map(({ text }) => text)].join('\n') }
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error
    return { grade: 'fails', why: `${derived}\n${error.message}` }
  } finally {
    await client.end()
  }
}
