import { runStudy } from 'sankofa/judge/simulate'
import { type Rival, rivals } from './rivals.ts'
import { comparedStageS, type Row } from './studies.ts'
import { type Cells, median, percent, seconds } from './table.ts'

type Watched = { readonly rival: Rival; alarmS: number | undefined }

/** Every method sees the same requests of the same worlds; nothing is undone, so that all see the whole. */
export function compare(row: Row, seed: number, runs: number): Cells {
  const watched: Watched[][] = []
  const results = runStudy({
    ...row.study,
    seed,
    runs,
    beside: (run) => {
      const methods = rivals.map((create): Watched => ({ rival: create(), alarmS: undefined }))
      watched[run] = methods
      return {
        onRequest: (customer, failed, lnUs, exposed) => {
          for (const { rival, alarmS } of methods)
            if (alarmS === undefined) rival.request(customer, failed, lnUs, exposed)
        },
        onWindow: (_, startMs) => {
          const endS = startMs / 1_000 + 10
          for (const method of methods) {
            if (method.alarmS === undefined && method.rival.windowEnds()) method.alarmS = endS
            // The window that ends a stage is its last.
            if (endS % comparedStageS === 0) method.rival.beginStage()
          }
        },
      }
    },
  })
  const cells = rivals.map((create, i) => {
    const alarms = watched.flatMap((methods) => methods[i]?.alarmS ?? [])
    return [create().name, cell(alarms, runs)] as const
  })
  const ours = results.flatMap(({ alarmSeconds }) => alarmSeconds ?? [])
  return { case: row.name, ...Object.fromEntries(cells), 'this judge': cell(ours, runs) }
}

const cell = (alarms: readonly number[], runs: number): string =>
  alarms.length === 0 ? '0 %' : `${percent(alarms.length / runs)}, ${seconds(median(alarms))}`
