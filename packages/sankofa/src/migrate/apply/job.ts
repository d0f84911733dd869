import type { Migration, Step, StepClient } from '../migration.ts'
import type { Companion } from '../run/together.ts'
import type { Unit } from '../sql/units.ts'
import type { Direction } from './run.ts'

/** A step that is run part by part, each with its record. */
export type Job = {
  readonly migration: Migration
  readonly direction: Direction
  readonly step: Step
  readonly units: readonly Unit[]
  readonly firstUnit: number
  /** What records the whole: runs with the last unit. */
  readonly finish: readonly string[]
  readonly tellsHistory: boolean
  readonly companion?: Companion | undefined
  /** What surrounds the connection, such as to pass over what is not there. */
  readonly client?: StepClient
}
