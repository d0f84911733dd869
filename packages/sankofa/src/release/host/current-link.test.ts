import { mkdtempSync, readdirSync, readlinkSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from '#harness'
import { layoutOf } from '../layout.ts'
import { pointCurrent } from './current-link.ts'
import { makeToyRelease } from './testing/toy-release.ts'

test('current names the release it was pointed at, and always one of them while it is changed', async () => {
  const layout = layoutOf(realpathSync(mkdtempSync(join(tmpdir(), 'sankofa-current-'))))
  onTestFinished(() => rmSync(layout.root, { recursive: true, force: true }))
  const [a, b] = [makeToyRelease(layout, 'a'), makeToyRelease(layout, 'b')]
  // Left by one that was killed between its two steps.
  symlinkSync('releases/a', join(layout.root, 'current.0000.new'))
  await pointCurrent(layout, a)
  expect(realpathSync(layout.current)).toBe(layout.release(a))

  let isDone = false
  const swaps = (async () => {
    for (let count = 0; count < 50; count++) await pointCurrent(layout, count % 2 === 0 ? b : a)
    isDone = true
  })()
  const seen = new Set<string>()
  while (!isDone) {
    seen.add(readlinkSync(layout.current))
    await new Promise((resolve) => setImmediate(resolve))
  }
  await swaps

  expect([...seen].sort()).toEqual(['releases/a', 'releases/b'])
  expect(readdirSync(layout.root).sort()).toEqual(['current', 'releases'])
})
