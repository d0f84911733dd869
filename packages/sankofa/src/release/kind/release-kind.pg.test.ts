import { setTimeout as delay } from 'node:timers/promises'
import { expect, type TestDatabase, test } from '#harness'
import { changeId, type ReleaseId, systemClock } from '../../core/index.ts'
import { createLease, watcherLease } from '../../db/index.ts'
import { openJournal, propose, requestGo } from '../../journal/index.ts'
import type { Manifest, ReleasePlan } from '../release.ts'
import { readHosts, reportHost } from './hosts.ts'
import { registerRelease } from './register.ts'
import { type CannotRun, releaseKind } from './release-kind.ts'
import { placeCurrent, readSplit } from './split.ts'
import { readWanted, want } from './wanted.ts'

const service = 'shop'
const old = 'aaaaaaaaaa' as ReleaseId
const next = 'bbbbbbbbbb' as ReleaseId
const id = changeId('release-bbbbbbbbbb')
const plan: ReleasePlan = { service, release: next, before: old, digest: 'd', needs: [] }

const manifestOf = (release: ReleaseId): Manifest => ({
  format: 1,
  service,
  release,
  digest: `digest of ${release}`,
  source: { kind: 'git', from: 'main' },
  madeAt: new Date(0).toISOString(),
  madeBy: 'ama',
  node: '24.0.0',
  platform: 'linux-x64',
  start: {
    command: ['node', 'server.ts'],
    environment: {},
    health: '/health',
    smoke: [],
    readyWithinMs: 2_000,
    stopWithinMs: 1_000,
  },
})

/** A host that starts what is wanted at once; those in `broken` never come up. It ends with the test's database. */
function startHost(db: TestDatabase, host: string, broken: ReadonlySet<ReleaseId> = new Set()): void {
  const look = async (): Promise<void> => {
    const processes = (await readWanted(db.pool, service)).map(({ release, purpose }) => ({
      release,
      purpose,
      state: broken.has(release) ? 'failed' : 'ready',
      pid: 1,
      origin: 'http://127.0.0.1:1',
      checks: [{ path: '/health', status: 200, ms: 1 }],
      restarts: 0,
      error: broken.has(release) ? 'SyntaxError: Unexpected end of input' : undefined,
      inFlight: 0,
      startedInMs: 900,
      sinceMs: Date.now(),
    }))
    await reportHost(db.pool, { service, host, gateway: {}, processes })
  }
  void (async () => {
    while (!db.pool.ended && !db.pool.ending) {
      await look().catch(() => {})
      await delay(30)
    }
  })()
}

async function prepare(db: TestDatabase, cannotRun: readonly CannotRun[] = []) {
  const journal = openJournal(db.pool)
  for (const release of [old, next])
    await registerRelease(db.pool, { manifest: manifestOf(release), size: undefined, news: undefined })
  await placeCurrent(db.pool, service, old)
  const kind = releaseKind({ pool: db.pool, journal, cannotRun: async () => cannotRun, clock: systemClock })
  const epoch = await createLease(db.pool, { name: watcherLease, holder: 'test', ttlMs: 60_000 }).acquire()
  if (epoch === undefined) throw new Error('somebody else leads')
  return { journal, kind, epoch }
}

/** Journals what the leader would have journalled before it shows the release. */
async function beginToShow({ journal, epoch }: Awaited<ReturnType<typeof prepare>>, share: number): Promise<void> {
  await propose(journal, {
    change: id,
    actor: 'ama',
    kind: 'release',
    plan,
    title: 'b',
    control: 'subjects',
    dependsOn: [],
    size: { unit: 'lines', n: 1 },
  })
  await requestGo(journal, { change: id, actor: 'ama', unproved: 'a test of the kind alone' })
  const stages = [{ share, ruleOutRatio: undefined, ruleOutExcess: undefined, minimumMs: 0 }]
  const forecast = { requestsPerSecond: 0, subjectsPerWindow: 0, sentence: '', stages: [], cannotSee: [] }
  const data = {
    salt: 'a salt of a test',
    stages,
    guards: [],
    alpha: 0.01,
    sampleRate: 1,
    unproved: 'a test of the kind alone',
    forecast,
  }
  await journal.append({ change: id, actor: 'watcher', type: 'started', data }, { epoch })
  await journal.append(
    { change: id, actor: 'watcher', type: 'exposing', data: { stage: 1, share, shareBefore: 0 } },
    { epoch },
  )
}

test('a proof boots the old release once more and the new one beside it, on every host', async ({ db }) => {
  const { kind } = await prepare(db)
  startHost(db, 'one')
  startHost(db, 'two')
  await expect.poll(async () => (await readHosts(db.pool, service)).length).toBe(2)

  const proof = await kind.prove(plan)

  expect(proof).toMatchObject({ ok: true, loss: 'kept', base: `release ${old}` })
  expect(proof.steps.filter((step) => step.includes('the old release boots'))).toHaveLength(2)
  expect(proof.steps.filter((step) => step.includes('the new release boots beside it'))).toHaveLength(2)
  const wanted = await readWanted(db.pool, service)
  expect(wanted.filter(({ purpose }) => purpose === 'rehearse')).toEqual([])
  expect(wanted.map(({ release }) => release).sort()).toEqual([old, next])
})

for (const broken of [old, next]) {
  test(`a proof fails with the last words of ${broken === old ? 'an old' : 'a new'} release that does not boot`, async ({
    db,
  }) => {
    const { kind } = await prepare(db)
    startHost(db, 'one', new Set([broken]))

    const proof = await kind.prove(plan)

    expect(proof.ok).toBe(false)
    expect(proof.reason).toContain('SyntaxError')
    expect(proof.reason).toContain(broken)
  })
}

test('a proof without any host says how to start one', async ({ db }) => {
  const { journal } = await prepare(db)
  let now = 0
  const clock = {
    now: () => now,
    async sleep(ms: number) {
      now += ms
    },
  }
  const kind = releaseKind({ pool: db.pool, journal, cannotRun: async () => [], clock })

  const proof = await kind.prove(plan)

  expect(proof.reason).toContain('sankofa host')
})

test('a proof is refused while another release is out, and when something else runs by now', async ({ db }) => {
  const prepared = await prepare(db)
  const { kind } = prepared
  startHost(db, 'one')

  const moved = await kind.prove({ ...plan, before: 'cccccccccc' as ReleaseId })
  await db.pool.query(
    `update sankofa.release_split set next_release = 'x', change_id = 'release-x', share = 0.5 where service = $1`,
    [service],
  )
  const taken = await kind.prove(plan)

  expect(moved.reason).toContain('cccccccccc')
  expect(taken.reason).toContain('release-x')
  await beginToShow(prepared, 0.02)
  await expect(kind.expose(id, plan, 0.02, prepared.epoch)).rejects.toMatchObject({ code: 'RELEASE_TAKEN' })
})

test('it is shown, taken back, and shown again by the same row; each act twice is as once', async ({ db }) => {
  const prepared = await prepare(db)
  const { kind, epoch, journal } = prepared
  startHost(db, 'one')
  await beginToShow(prepared, 0.02)

  await kind.expose(id, plan, 0.02, epoch)
  await kind.expose(id, plan, 0.02, epoch)
  const shown = await readSplit(db.pool, service)
  const actual = await kind.actual(id)
  await journal.append(
    { change: id, actor: 'watcher', type: 'undoing', data: { reason: 'r', cause: 'person' } },
    { epoch },
  )
  const undone = await kind.undo(id, plan, epoch)
  const again = await kind.undo(id, plan, epoch)

  expect(shown).toEqual({ current: old, next, change: id, share: 0.02 })
  expect(actual).toBe(0.02)
  expect(undone.summary).toContain(`Everybody gets release ${old}`)
  expect(again.summary).toContain('nobody any more')
  expect(await kind.actual(id)).toBe(0)
  expect(await readSplit(db.pool, service)).toMatchObject({ current: old, next: undefined })
  // An act of before the undo that comes late changes nothing.
  await expect(kind.expose(id, plan, 0.02, epoch)).rejects.toMatchObject({ code: 'SHARE_NOT_JOURNALLED' })
  expect(await kind.actual(id)).toBe(0)
})

test('a release that is not ready on a host is shown to nobody', async ({ db }) => {
  const prepared = await prepare(db)
  startHost(db, 'one')
  startHost(db, 'two', new Set([next]))
  await expect.poll(async () => (await readHosts(db.pool, service)).length).toBe(2)
  await beginToShow(prepared, 0.02)

  const shown = prepared.kind.expose(id, plan, 0.02, prepared.epoch)

  await expect(shown).rejects.toMatchObject({ code: 'RELEASE_NOT_READY', details: { host: 'two' } })
  expect(await prepared.kind.actual(id)).toBe(0)
})

test('a leader that was replaced can neither show nor take back', async ({ db }) => {
  const prepared = await prepare(db)
  startHost(db, 'one')
  await beginToShow(prepared, 0.02)
  const stale = prepared.epoch + 1n

  await expect(prepared.kind.expose(id, plan, 0.02, stale)).rejects.toMatchObject({ code: 'STALE_EPOCH' })
  await expect(prepared.kind.undo(id, plan, stale)).rejects.toMatchObject({ code: 'STALE_EPOCH' })
})

test('settled, it is what everybody gets, and the next one may follow', async ({ db }) => {
  const prepared = await prepare(db)
  const { kind, epoch } = prepared
  startHost(db, 'one')
  await beginToShow(prepared, 0.99)
  await kind.expose(id, plan, 0.99, epoch)

  await kind.settle(id, plan, epoch)
  await kind.settle(id, plan, epoch)

  expect(await readSplit(db.pool, service)).toEqual({ current: next, next: undefined, change: id, share: 1 })
  expect(await kind.actual(id)).toBe(1)
  expect((await readWanted(db.pool, service)).map(({ release }) => release)).toEqual([next])
})

test('back is refused in words when the old release cannot run on the schema as it is', async ({ db }) => {
  const broken = {
    statement: 'select phone from customer',
    routes: ['GET /me'],
    reason: 'column "phone" does not exist',
  }
  const { kind } = await prepare(db, [broken])

  const objection = await kind.undoObjection(id, plan)

  for (const part of [old, 'select phone from customer', 'GET /me', 'does not exist', 'sankofa migrate back'])
    expect(objection).toContain(part)
})

test('what cannot be asked is no objection to going back', async ({ db }) => {
  const { journal } = await prepare(db)
  const kind = releaseKind({ pool: db.pool, journal, cannotRun: () => Promise.reject(new Error('away')) })

  expect(await kind.undoObjection(id, plan)).toBeUndefined()
})

test('what somebody wants runs until its time is over, and no longer', async ({ db }) => {
  await prepare(db)
  await want(db.pool, { service, release: next, purpose: 'serve', by: 'ship', forMs: 300 })
  expect((await readWanted(db.pool, service)).map(({ release }) => release).sort()).toEqual([old, next])

  await expect.poll(async () => (await readWanted(db.pool, service)).map(({ release }) => release)).toEqual([old])
})
