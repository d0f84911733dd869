/** Who holds the migrations' lock. */
export type Holder = {
  readonly pid: number
  readonly application: string
  /** Absent where this role may not see it. */
  readonly since?: Date
}
