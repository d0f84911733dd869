import { createReadStream, readSync, writeSync } from 'node:fs'
import { layoutOf } from '../../layout.ts'
import { makeRelease } from '../make-release.ts'
import { unpackRelease } from '../pack-release.ts'
import { pruneReleases } from '../prune-releases.ts'
import type { Source } from '../source/source.ts'
import type { StepNews } from '../steps.ts'

export type MakerOrders = {
  readonly root: string
  readonly source?: Source
  /** A packed release to unpack instead. */
  readonly packed?: string
  readonly prune?: boolean
  readonly build?: readonly string[]
  /** Such as `link begun`: it says so and stands still until a byte arrives. */
  readonly pauseAt?: string
}

const orders = JSON.parse(process.env.MAKER_ORDERS ?? '{}') as MakerOrders
const say = (word: object): void => void writeSync(1, `${JSON.stringify(word)}\n`)

function onStep({ step, state }: StepNews): void {
  if (orders.pauseAt !== `${step} ${state}`) return
  say({ word: 'paused' })
  readSync(0, Buffer.alloc(1))
}

const layout = layoutOf(orders.root)
const start = {
  command: ['node', 'server.js'],
  environment: {},
  health: '/',
  smoke: [],
  readyWithinMs: 5_000,
  stopWithinMs: 0,
}
try {
  if (orders.prune === true) {
    say({ word: 'done', gone: await pruneReleases(layout, { keep: 0, inUse: [] }) })
  } else if (orders.packed !== undefined) {
    const made = await unpackRelease(layout, createReadStream(orders.packed), { onStep })
    say({ word: 'done', release: made.manifest.release, reused: made.reused })
  } else if (orders.source !== undefined) {
    const { source, build } = orders
    const made = await makeRelease({
      layout,
      service: 'shop',
      source,
      start,
      madeBy: 'ama',
      onStep,
      ...(build ? { build } : {}),
    })
    say({ word: 'done', release: made.manifest.release, reused: made.reused })
  }
} catch (error) {
  say({
    word: 'failed',
    code: (error as { code?: string }).code,
    message: error instanceof Error ? error.message : String(error),
  })
}
