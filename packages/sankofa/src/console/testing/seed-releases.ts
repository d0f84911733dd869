import type pg from 'pg'
import { type ChangeId, changeId, type ReleaseId } from '../../core/index.ts'
import type { ShipStep } from '../../journal/index.ts'
import { type Manifest, type ProcessOnHost, placeCurrent, registerRelease, reportHost } from '../../release/index.ts'
import { aReading, type House, judged, letOut } from './seed-house.ts'

const service = 'market'
export const oldRelease = 'a41c9e02b7' as ReleaseId
export const newRelease = '5e0c11d2aa' as ReleaseId
export const newChange = changeId(`release-${newRelease}`)

export function manifestOf(release: string, source: Partial<Manifest['source']> = {}, madeAtMs = Date.now()): Manifest {
  return {
    format: 1,
    service,
    release: release as ReleaseId,
    digest: `digest of ${release}`,
    source: {
      kind: 'git',
      from: 'main',
      commit: `${release}00`,
      author: 'Kofi',
      title: 'Parcels by weight',
      ...source,
    },
    madeAt: new Date(madeAtMs).toISOString(),
    madeBy: 'Ama',
    node: '24.0.0',
    platform: 'linux-x64',
    start: {
      command: ['node', 'server.ts'],
      environment: {},
      health: '/health',
      smoke: ['/products'],
      readyWithinMs: 20_000,
      stopWithinMs: 10_000,
    },
  }
}

export const aProcess = (release: ReleaseId, over: Partial<ProcessOnHost> = {}): ProcessOnHost => ({
  release,
  purpose: 'serve',
  state: 'ready',
  pid: 4_711,
  origin: 'http://127.0.0.1:40001',
  checks: [
    { path: '/health', status: 200, ms: 4 },
    { path: '/products', status: 200, ms: 31 },
  ],
  restarts: 0,
  error: undefined,
  inFlight: 7,
  startedInMs: 1_400,
  sinceMs: Date.now() - 240_000,
  ...over,
})

const runningGateway = { state: 'ready', restarts: 0, draining: [], traffic: { inFlight: 9, connections: 31 } }

/** What one host says of itself now; `silentMs` ago. */
export async function hostSays(
  pool: pg.Pool,
  host: string,
  processes: readonly ProcessOnHost[],
  silentMs = 0,
  gateway: unknown = runningGateway,
): Promise<void> {
  await reportHost(pool, { service, host, gateway, processes })
  await pool.query(
    `update sankofa.release_host as here set reported_at = here.reported_at - $3::float8 * interval '1 millisecond'
      where here.service = $1 and here.host = $2`,
    [service, host, silentMs],
  )
}

// Whole ids, as git has them.
const commit = (id: string, title: string, author: string, files: readonly string[]) => ({
  id: id.padEnd(40, '0'),
  title,
  author,
  files,
})
const commits = [
  commit('77af01c3d9', 'checkout: the total includes the parcel', 'Kofi', ['src/checkout/total.ts']),
  commit('0b1d6a7e55', 'checkout: say why a card was refused', 'Yaw', ['src/checkout/card.ts']),
  commit('c3319d04fe', 'parcels: weigh what is in the basket', 'Kofi', ['src/parcels/weigh.ts']),
  commit('5e0c11d2aa', 'Parcels by weight', 'Kofi', ['src/parcels/price.ts', 'migrations/0042_parcel_weight/up.sql']),
]

/** Made and registered, as a deployer does it. */
export async function seedMade(pool: pg.Pool, nowMs: number): Promise<void> {
  const older = ['e8810fbc21', '93d2c7710a', 'd44f0a9be6']
  const titles = ['Search that forgives typing errors', 'Sort products by what sells', 'Receipts that name the seller']
  const made = [
    ...older.map((release, i) => ({ release, title: titles[i] ?? '', daysAgo: 9 - 2 * i })),
    { release: oldRelease, title: 'Sellers see what was sold today', daysAgo: 2 },
    { release: newRelease, title: 'Parcels by weight', daysAgo: 0.01 },
  ]
  for (const { release, title, daysAgo } of made) {
    const madeAtMs = nowMs - daysAgo * 86_400_000
    const size = { lines: 184, files: 9, migrations: ['0042_parcel_weight'], flags: [], dependencies: 1, largest: [] }
    const groups = [
      { kind: 'migration', name: '0042_parcel_weight', commits: ['5e0c11d2aa'], files: 2 },
      { kind: 'folder', name: 'src/checkout', commits: ['77af01c3d9', '0b1d6a7e55'], files: 2 },
      { kind: 'folder', name: 'src/parcels', commits: ['c3319d04fe', '5e0c11d2aa'], files: 2 },
    ].map((group) => ({ ...group, commits: group.commits.map((id) => id.padEnd(40, '0')) }))
    const news = release === oldRelease ? undefined : { commits, groups, missing: [] }
    await registerRelease(pool, { manifest: manifestOf(release, { title }, madeAtMs), size, news })
    await pool.query('update sankofa.release as made set made_at = $2 where made.release_id = $1', [
      release,
      new Date(madeAtMs),
    ])
  }
}

/** One service on two hosts, its new release out to a tenth, and the ship that brought it there. */
export async function seedReleases(house: House): Promise<void> {
  const { pool, nowMs } = house
  await seedMade(pool, nowMs)
  await placeCurrent(pool, service, oldRelease)
  const go = await letOut(house, {
    id: newChange,
    title: 'Parcels by weight',
    author: 'Ama',
    kind: 'release',
    plan: { service, release: newRelease, before: oldRelease, digest: 'd', needs: [] },
    stagesAgo: [6, 2],
  })
  const fewOf = (subjects: number, failures: number) => ({ subjects, failures })
  await judged(house, go, aReading({ stage: 2, share: 0.22, exposed: fewOf(241, 4), control: fewOf(2_012, 23) }), 24)
  await pool.query(
    `update sankofa.release_split as split
        set next_release = $2, change_id = $3, go_id = $4, salt = 'salt', stage = 2, share = 0.1, share_before = 0.01,
            version = split.version + 1, updated_at = clock_timestamp()
      where split.service = $1`,
    [service, newRelease, newChange, go.goId],
  )
  await hostSays(pool, 'accra-1', [
    aProcess(newRelease, { inFlight: 2, sinceMs: nowMs - 400_000 }),
    aProcess(oldRelease, { sinceMs: nowMs - 2 * 86_400_000, restarts: 1 }),
  ])
  await hostSays(pool, 'kumasi-1', [
    aProcess(newRelease, { inFlight: 0, sinceMs: nowMs - 390_000 }),
    aProcess(oldRelease, { sinceMs: nowMs - 2 * 86_400_000 }),
  ])
}

export type Said = Omit<ShipStep, 'run'> & { readonly secondsAgo: number }

/** The steps of one run as a deployer writes them. */
export async function shipSays(
  house: House,
  run: string,
  said: readonly Said[],
  change: ChangeId = newChange,
): Promise<void> {
  for (const { secondsAgo, ...step } of said) {
    await house.journal.append(
      { change, type: 'ship-step', actor: 'Ama', data: { run, ...step } },
      { at: new Date(house.nowMs - secondsAgo * 1_000) },
    )
  }
}

/** A ship that is at its last but one step. */
export const runningShip: readonly Said[] = [
  {
    step: 'make',
    title: 'Make the release',
    state: 'done',
    tookMs: 26_400,
    detail: 'release 5e0c11d2aa',
    secondsAgo: 220,
  },
  { step: 'propose', title: 'Propose the change', state: 'done', tookMs: 40, detail: newChange, secondsAgo: 219 },
  {
    step: 'audit',
    title: 'Look for known faults in dependencies',
    state: 'skipped',
    detail: 'the registry has no list of them',
    secondsAgo: 218,
  },
  { step: 'test', title: 'Run the tests', state: 'done', tookMs: 71_800, detail: '418 tests passed', secondsAgo: 146 },
  {
    step: 'size',
    title: 'Measure its size',
    state: 'done',
    tookMs: 210,
    detail: '184 lines in 9 files',
    secondsAgo: 145,
  },
  { step: 'start', title: 'Start it beside the old one', state: 'begun', secondsAgo: 20 },
]
