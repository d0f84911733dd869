import { expect, test } from 'vitest'
import { routeOf, shipLink } from './route.ts'

test('an address of the page leads to it and back, whatever the name of a run', () => {
  expect(routeOf('#/releases')).toEqual({ page: 'releases' })
  expect(routeOf('#/releases/')).toEqual({ page: 'releases' })
  for (const run of ['0b1d6a', 'a/b c', 'ü%', '../..']) expect(routeOf(shipLink(run))).toEqual({ page: 'ship', run })
})

test('every other address is the first screen, such as the link that skips to the changes', () => {
  for (const hash of ['', '#/', '#changes', '#/releases/ship/', '#/releasesx', '#/releases/ship/a/b'])
    expect(routeOf(hash)).toEqual({ page: 'overview' })
  expect(routeOf('#/releases/ship/%')).toEqual({ page: 'ship', run: '%' })
})
