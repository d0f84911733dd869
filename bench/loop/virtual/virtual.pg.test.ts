import { expect, test } from '#harness'
import { runVirtual } from './index.ts'

test('a few runs on the virtual clock: every fault undone, no harmless change', async ({ db }) => {
  const lines: string[] = []
  const result = await runVirtual({
    runs: 4,
    seed: 20_261_123,
    url: db.url,
    log: (line) => lines.push(line),
    json: true,
  })

  expect(result.ok, lines.join('\n')).toBe(true)
  expect(result.all).toMatchObject({ runs: 4, undone: 4, culpritRight: 4, decoysUndone: 0 })
  expect(result.faultOff).toEqual({ runs: 1, undone: 0 })
  expect(result.all.harmed.median).toBeGreaterThan(0)
}, 120_000)
