import { afterAll, beforeAll, expect, test } from '#harness'
import { type Bench, openBench } from './testing/compare-case.ts'
import { knownToServer } from './testing/known-to-server.ts'
import { tableCases } from './testing/table-cases.ts'

let bench: Bench
beforeAll(async () => {
  bench = await openBench()
})
afterAll(() => bench.close())

test.each(knownToServer(tableCases))('%s | %s → %s', async (given, then, grade, ...sentences) => {
  const found = await bench.compare(given, then)

  expect(found.differences.map(({ text }) => text)).toEqual(sentences)
  expect(found.grade).toBe(grade)
})
