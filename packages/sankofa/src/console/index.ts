export type { ConsoleAttempt } from './attempts.ts'
export {
  type ArmCount,
  type ChangeHistory,
  type ChangeStatus,
  type CulpritStory,
  type Evidence,
  type ForecastAnswer,
  type Mark,
  type Measuring,
  type ReleasesStatus,
  type SignalSeries,
  type SignalStatus,
  type Status,
  type Verdict,
  verdicts,
} from './contract.ts'
export { type EngineAnswer, type EngineVerdict, engineVerdicts, type FlaggerAnswer } from './engines/answer.ts'
export { createMachine, revokeMachine } from './engines/machines.ts'
export { forecastWithoutControl, readForecast } from './forecast.ts'
export { readHistory, recordWords } from './history.ts'
export { createPerson, ensurePerson, revokePerson } from './people.ts'
export { type ConsoleOptions, type ConsoleServer, createConsoleServer } from './server.ts'
export { readStatus, type StatusOptions } from './status.ts'
