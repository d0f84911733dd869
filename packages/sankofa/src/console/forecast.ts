import type pg from 'pg'
import { buildGuards, defaultStages, forecast } from '../judge/index.ts'
import { pgMeasurement } from '../observe/index.ts'
import type { ForecastAnswer } from './contract.ts'

/** Where everyone meets a change at once, so that there is nobody to compare with. */
export const forecastWithoutControl: ForecastAnswer = {
  sentence:
    'Everyone meets it at once: there is nobody without it to compare with, so failed requests are compared with the hour before.',
  cannotSee: ['Slowness and what customers do not complete are not judged then: watch them on the console.'],
}

/** What a go would be able to see at today's traffic, and how long it would take: told before it is asked for. */
export async function readForecast(
  pool: pg.Pool,
  options: { readonly attempts: readonly string[]; readonly nowMs: number; readonly alpha?: number },
): Promise<ForecastAnswer> {
  const baseline = await pgMeasurement(pool).baseline(options.nowMs)
  const stages = defaultStages(baseline.requestsPerSecond, baseline.subjects)
  const guards = buildGuards({ routes: baseline.routes, attempts: options.attempts })
  const { sentence, cannotSee } = forecast({ baseline, plan: { stages, guards, alpha: options.alpha ?? 0.01 } })
  return { sentence, cannotSee }
}
