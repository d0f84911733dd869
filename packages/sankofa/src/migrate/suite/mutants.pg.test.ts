import { inject } from 'vitest'
import { afterAll, beforeAll, describe, expect, test } from '#harness'
import type { Case } from './case.ts'
import { cases } from './cases.ts'
import { equivalents, unseen } from './equivalents.ts'
import { isCaught, openTrial, proofOf } from './judge-mutant.ts'
import { isKnownHere } from './known-here.ts'
import { mutantsOf } from './mutate.ts'
import { openSuiteShadow, type SuiteShadow, withBase } from './suite-shadow.ts'

let opened: SuiteShadow
beforeAll(async () => {
  opened = await openSuiteShadow(inject('postgresUrl'))
})

const count = { made: 0, bySchema: 0, byProof: 0, equivalent: 0, unseen: 0 }
afterAll(async () => {
  await opened.close()
  process.stdout.write(`mutants of undos: ${JSON.stringify(count)}\n`)
})

for (const [kind, list] of Object.entries(cases)) {
  // A busy machine takes its time; what hangs ends all the same.
  describe.concurrent(kind, { timeout: 120_000 }, () => {
    for (const one of list.filter(isGood).filter(isKnownHere)) {
      test(`${one.name}, and a mutant of the undo is caught`, async () => {
        const wrong = await withBase(opened, one.base, (base) => wrongVerdicts(base, one))

        expect(wrong, wrong.join('\n')).toEqual([])
      })
    }
  })
}

function isGood({ undo, expect: { grade, loss, fails, ok } }: Case): boolean {
  const good = ['exact', 'cosmetic', 'column-order'].includes(grade)
  return undo !== undefined && good && loss !== 'lost' && fails === undefined && ok !== false
}

type MutantOfCase = { readonly change: string; readonly undo: string | readonly string[] }

/** Mutants of one of the undos of a case, each with all of them. */
async function mutantsOfCase({ undo = '', expect: { loss } }: Case): Promise<readonly MutantOfCase[]> {
  // What the stash gives back in any case, a mutant of what only writes rows does not take away.
  const options = { writes: loss === 'kept' }
  if (typeof undo === 'string')
    return (await mutantsOf(undo, options)).map(({ change, sql }) => ({ change, undo: sql }))
  const lists = await Promise.all(undo.map((text) => mutantsOf(text, options)))
  return lists.flatMap((mutants, index) =>
    mutants.map(({ change, sql }) => ({ change: `migration ${index + 1}, ${change}`, undo: undo.with(index, sql) })),
  )
}

/** First by the schema, which is quick; what it does not tell, by the whole proof. */
async function wrongVerdicts(base: Parameters<typeof proofOf>[1], one: Case): Promise<readonly string[]> {
  const mutants = await mutantsOfCase(one)
  if (mutants.length === 0) return []
  const untold: MutantOfCase[] = []
  const trial = await openTrial(opened, base, one)
  try {
    for (const mutant of mutants) if (!(await trial.tells(mutant.undo))) untold.push(mutant)
  } finally {
    await trial.end()
  }
  count.made += mutants.length
  count.bySchema += mutants.length - untold.length
  const same = equivalents[one.name] ?? {}
  const known = unseen[one.name] ?? {}
  const doubtful = untold.filter(({ change }) => same[change] === undefined)
  count.equivalent += untold.length - doubtful.length
  const told = [...Object.keys(same), ...Object.keys(known)].filter((change) =>
    untold.every((mutant) => mutant.change !== change),
  )
  const wrong = told.map((change) => `is told by the schema, so it need not be listed: ${change}`)
  if (doubtful.length === 0) return wrong
  const original = await proofOf(opened, base, one)
  for (const { change, undo } of doubtful) {
    const caught = isCaught(await proofOf(opened, base, { ...one, undo }), original)
    if (caught) count.byProof++
    else if (known[change] !== undefined) count.unseen++
    if (caught && known[change] !== undefined) wrong.push(`is caught now, so it need not be listed: ${change}`)
    if (!caught && known[change] === undefined) wrong.push(`${change}: ${[undo].flat().join(' | ')}`)
  }
  return wrong
}
