import { deepStrictEqual } from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'

/** Waits until it is so; unlike `expect.poll` also in tests that run beside others. Patient: machines may be busy. */
export async function becomes<T>(look: () => T, expected: T, withinMs = 20_000): Promise<void> {
  const until = performance.now() + withinMs
  while (!isDeepStrictEqual(look(), expected)) {
    if (performance.now() > until) deepStrictEqual(look(), expected)
    await delay(20)
  }
}
