import { changeId } from '../../core/index.ts'
import { aReading, type House, judged, letOut, proof, seedTraffic, seedWatcher } from './seed-house.ts'

const minuteMs = 60_000
const fewOf = (subjects: number, failures: number) => ({ subjects, failures })

/** A shop that fares well, with changes in every state: two going out, some ready, some over. */
export async function seedChanges(house: House): Promise<void> {
  const { journal, nowMs } = house
  const sorting = await letOut(house, {
    id: 'demo-good-sorting',
    title: 'Sort products by what sells',
    author: 'Kofi',
    stagesAgo: [9, 3],
  })
  const nearly = aReading({ stage: 2, share: 0.16, exposed: fewOf(212, 3), control: fewOf(1_874, 21) })
  await judged(house, sorting, nearly, 24)
  const receipt = await letOut(house, {
    id: 'demo-good-receipt',
    title: 'Receipts that name the seller',
    author: 'Ama',
    stagesAgo: [41, 38, 34, 2],
  })
  await journal.append(
    { change: receipt.change, type: 'baking', actor: 'watcher', data: { untilMs: nowMs + 3 * minuteMs } },
    { at: new Date(nowMs - 2 * minuteMs + 1_000) },
  )
  await judged(
    house,
    receipt,
    aReading({ stage: 4, share: 0.02, exposed: fewOf(1_940, 14), control: fewOf(20, 0) }),
    60,
  )
  const plain = { control: 'subjects', dependsOn: [], size: { unit: 'lines', n: 40 }, plan: {} } as const
  const fee = changeId('service-fee-bps')
  const feeData = { ...plain, control: 'none', title: 'Service fee from 1.5 % to 1.2 %' } as const
  await journal.append(
    { change: fee, kind: 'tunable', type: 'proposed', actor: 'Esi', data: feeData },
    { at: new Date(nowMs - 50 * minuteMs) },
  )
  await journal.append(
    { change: fee, type: 'proved', actor: 'watcher', data: { proof } },
    { at: new Date(nowMs - 49 * minuteMs) },
  )
  const slow = changeId('demo-slow-search')
  const slowData = { ...plain, title: 'Search that looks into descriptions' }
  await journal.append(
    { change: slow, kind: 'flag', type: 'proposed', actor: 'Yaw', data: slowData },
    { at: new Date(nowMs - 5 * minuteMs) },
  )
}

/** The README's demonstration, two minutes after it was taken back. */
export async function seedBroken(house: House, minutesAgo = 2): Promise<void> {
  const { journal, nowMs } = house
  const go = await letOut(house, {
    id: 'demo-broken-checkout',
    title: 'Checkout in one step',
    author: 'Yaw',
    stagesAgo: [minutesAgo + 0.5],
  })
  const reading = aReading({ stage: 1, share: 1.32, exposed: fewOf(14, 5), control: fewOf(694, 3) })
  await judged(house, go, reading, 3)
  const at = (ms: number): { at: Date } => ({ at: new Date(nowMs - minutesAgo * minuteMs - ms) })
  await journal.append(
    {
      change: go.change,
      type: 'undoing',
      actor: 'watcher',
      data: { reason: 'Customers who had it could not complete a checkout.', cause: 'judge', reading },
    },
    at(400),
  )
  await journal.append(
    {
      change: go.change,
      type: 'undone',
      actor: 'watcher',
      data: {
        undone: { tookMs: 180, summary: 'Everyone is back on the previous checkout.' },
        subjectsHarmed: 5,
        reading,
      },
    },
    at(200),
  )
}

export async function seedWholeHouse(house: House): Promise<void> {
  await seedWatcher(house.pool)
  await seedTraffic(house, { minutes: 80 })
  await seedChanges(house)
  await seedBroken(house)
}
