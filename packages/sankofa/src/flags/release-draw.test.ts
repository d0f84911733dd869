import { expect, test } from '#harness'
import { changeId } from '../core/index.ts'
import { createDraw } from './evaluate.ts'
import type { ReleaseSplit } from './known-state.ts'
import { createReleaseDraw } from './release-draw.ts'

const split: ReleaseSplit = {
  service: 'shop',
  current: 'old',
  next: 'new',
  change: changeId('release-new'),
  goId: 7n,
  salt: 'salt',
  stage: 2,
  share: 0.1,
  shareBefore: 0.01,
}
const draw = createDraw(split.salt)
const keys = Array.from({ length: 20_000 }, (_, index) => `${index + 1}`)

/** Bounds that a binomial of these leaves once in some 15,000 tries. */
const within4Deviations = (n: number, share: number): readonly [number, number] => {
  const deviation = Math.sqrt(n * share * (1 - share))
  return [n * share - 4 * deviation, n * share + 4 * deviation]
}

for (const share of [0.01, 0.1, 0.5]) {
  test(`of 20,000 keys that are mere numbers, ${share * 100} % get the new release`, () => {
    const release = createReleaseDraw({ ...split, share }, { overridden: false, draw })

    const drawn = keys.filter((key) => release.choose(key).release === 'new').length

    const [least, most] = within4Deviations(keys.length, share)
    expect(drawn).toBeGreaterThan(least)
    expect(drawn).toBeLessThan(most)
  })
}

test('who has the new release keeps it when the share grows, and may fall back to the old one', () => {
  const small = createReleaseDraw({ ...split, share: 0.1 }, { overridden: false, draw })
  const large = createReleaseDraw({ ...split, share: 0.5 }, { overridden: false, draw })

  const drawn = keys.filter((key) => small.choose(key).release === 'new')

  expect(drawn.every((key) => large.choose(key).release === 'new')).toBe(true)
  expect(large.choose(drawn[0] ?? '')).toEqual({ release: 'new', otherwise: 'old' })
})

test('what is measured agrees with what is served, and names whom it was drawn for', () => {
  const release = createReleaseDraw(split, { overridden: false, draw })

  const differing = keys.filter((key) => (release.choose(key).release === 'new') !== release.exposure(key)?.exposed)

  expect(differing).toEqual([])
  expect(release.exposure('1')).toMatchObject({ change: 'release-new', goId: 7n, stage: 2, subject: '1' })
})

test('taken back on this host, at a share of 0, and with nothing out everybody gets the current one and nothing is measured', () => {
  const releases = [
    createReleaseDraw({ ...split, share: 1 }, { overridden: true, draw }),
    createReleaseDraw({ ...split, share: 0 }, { overridden: false, draw }),
    createReleaseDraw({ ...split, next: undefined, share: 0 }, { overridden: false, draw }),
  ]

  for (const release of releases) {
    expect(keys.every((key) => release.choose(key).release === 'old')).toBe(true)
    expect(release.exposure('1')).toBeUndefined()
  }
})
