import type { RecordedStatement } from '../../observe/index.ts'
import type { Attempt, StatementFinding } from './finding.ts'

export const timeIsUp = 'the time for all statements was used up'

/** What became of running a statement; what is known of it otherwise is added to all alike. */
export type Ran = Omit<StatementFinding, 'prepared' | 'tables' | 'written'>

export const works = ({ text, routes }: RecordedStatement, worked: readonly Attempt[]): Ran => ({
  text,
  routes,
  ok: true,
  worked,
})

export const notTried = ({ text, routes }: RecordedStatement, reason: string): Ran => ({
  text,
  routes,
  ok: false,
  why: 'not tried',
  reason,
  worked: [],
})
