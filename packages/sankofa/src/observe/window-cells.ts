import type { ChangeId } from '../core/index.ts'
import { createHistogram, type MutableHistogram, record } from '../histogram/index.ts'
import type { Exposure } from './exposure.ts'
import type { Dropped, Limits } from './limits.ts'
import type { Timings } from './request-context.ts'

/** `none`: the client left before a reply, or 10 s passed without one. */
export const statusClasses = ['1xx', '2xx', '3xx', '4xx', '5xx', 'none'] as const
export type StatusClass = (typeof statusClasses)[number]

export type Cell = {
  n: number
  errors: number
  unanswered: number
  sumUs: number
  maxUs: number
  poolUs: number
  dbUs: number
  httpUs: number
  flushUs: number
  readonly histogram: MutableHistogram
}

/** One request, as the cells count it. */
export type Measured = {
  readonly route: string
  readonly statusClass: StatusClass
  readonly failed: boolean
  readonly unanswered: boolean
  readonly totalUs: number
  readonly flushUs: number
  readonly timings: Readonly<Timings>
  readonly exposures: readonly Exposure[]
}

export type CellKey = {
  readonly route: string
  readonly statusClass: StatusClass
  readonly change: ChangeId | ''
  readonly arm: 'all' | 'exposed' | 'control'
}

type Arm = {
  readonly change: ChangeId | ''
  readonly arm: CellKey['arm']
  readonly routes: Map<string, Map<StatusClass, Cell>>
}

/** The cells of one window: all traffic, and each arm of each change; never combinations of changes. */
export class WindowCells {
  readonly #all: Arm = { change: '', arm: 'all', routes: new Map() }
  readonly #arms = new Map<string, Arm>()
  readonly #limits: Limits
  readonly #dropped: Dropped
  #armCells = 0

  constructor(limits: Limits, dropped: Dropped) {
    this.#limits = limits
    this.#dropped = dropped
  }

  count(measured: Measured): void {
    add(cellOf(this.#all, measured) ?? this.#newCell(this.#all, measured), measured)
    for (const { change, exposed } of measured.exposures) {
      const arm = this.#arm(change, exposed ? 'exposed' : 'control')
      let cell = cellOf(arm, measured)
      if (cell === undefined) {
        if (this.#armCells >= this.#limits.armCells) {
          this.#dropped.cells = (this.#dropped.cells ?? 0) + 1
          continue
        }
        this.#armCells += 1
        cell = this.#newCell(arm, measured)
      }
      add(cell, measured)
    }
  }

  *entries(): Generator<readonly [CellKey, Cell]> {
    for (const { change, arm, routes } of [this.#all, ...this.#arms.values()]) {
      for (const [route, classes] of routes) {
        for (const [statusClass, cell] of classes) yield [{ route, statusClass, change, arm }, cell]
      }
    }
  }

  #arm(change: ChangeId, arm: 'exposed' | 'control'): Arm {
    const key = `${arm} ${change}`
    let found = this.#arms.get(key)
    if (found === undefined) {
      found = { change, arm, routes: new Map() }
      this.#arms.set(key, found)
    }
    return found
  }

  #newCell(arm: Arm, { route, statusClass }: Measured): Cell {
    const cell = {
      n: 0,
      errors: 0,
      unanswered: 0,
      sumUs: 0,
      maxUs: 0,
      poolUs: 0,
      dbUs: 0,
      httpUs: 0,
      flushUs: 0,
      histogram: createHistogram(),
    }
    const classes = arm.routes.get(route)
    if (classes === undefined) arm.routes.set(route, new Map([[statusClass, cell]]))
    else classes.set(statusClass, cell)
    return cell
  }
}

const cellOf = (arm: Arm, { route, statusClass }: Measured): Cell | undefined => arm.routes.get(route)?.get(statusClass)

function add(cell: Cell, measured: Measured): void {
  const { totalUs, timings } = measured
  cell.n += 1
  if (measured.failed) cell.errors += 1
  if (measured.unanswered) cell.unanswered += 1
  cell.sumUs += totalUs
  if (totalUs > cell.maxUs) cell.maxUs = totalUs
  cell.poolUs += timings.poolUs
  cell.dbUs += timings.dbUs
  cell.httpUs += timings.httpUs
  cell.flushUs += measured.flushUs
  record(cell.histogram, totalUs)
}
