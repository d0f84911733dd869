import { expect, test } from '#harness'
import { runDeployerKills } from './deployer.ts'
import { allKills, runKills } from './kills.ts'
import { runSwitches } from './switches.ts'

test('releases go out and back under load of every kind, and no client that never tries again loses a request', async ({
  db,
}) => {
  const { requests, failed, onTheNew } = await runSwitches(db.url, 4, () => {})

  expect(failed).toEqual([])
  expect(onTheNew).toBeGreaterThan(0)
  for (const [kind, n] of Object.entries(requests)) expect({ kind, isMany: n > 20 }).toEqual({ kind, isMany: true })
}, 180_000)

// The forty of `allKills` take minutes: `npm run bench -- release-kills`. Here each victim and each moment once.
const some = allKills.filter((_, index) => index % 6 === 0)

test('kill -9 of host, gateway, releases or PostgreSQL on the way out or back: everything agrees again', async () => {
  const results = await runKills(some, () => {})

  expect(results.filter(({ landed }) => !landed)).toEqual([])
  expect(results.filter(({ wrong }) => wrong.length > 0)).toEqual([])
}, 400_000)

test('a deployer that was killed goes on when it is run again, and ships once', async ({ db }) => {
  const results = await runDeployerKills(db.url, ['propose', 'start'], () => {})

  expect(results.map(({ signal }) => signal)).toEqual(['SIGKILL', 'SIGKILL'])
  expect(results.filter(({ wrong }) => wrong.length > 0)).toEqual([])
}, 240_000)
