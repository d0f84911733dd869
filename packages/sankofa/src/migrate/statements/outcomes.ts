import type { RecordedStatement } from '../../observe/index.ts'
import type { Attempt, StatementFinding } from './finding.ts'

export const timeIsUp = 'the time for all statements was used up'

export const works = ({ text, routes }: RecordedStatement, worked: readonly Attempt[]): StatementFinding => ({
  text,
  routes,
  ok: true,
  worked,
})

export const notTried = ({ text, routes }: RecordedStatement, reason: string): StatementFinding => ({
  text,
  routes,
  ok: false,
  why: 'not tried',
  reason,
  worked: [],
})
