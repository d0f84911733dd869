const longestSilenceMs = 120_000
/**
 * Customers come in visits of about fifteen requests. Where only 24 were expected (0.2 a second) a tenth of all looks
 * found nothing, and a harmless rollout was paused a hundred times a day; from 150 on it is never.
 */
const fewestExpected = 150

/** Who reports, and what came in. */
export type Reports = {
  readonly processes: readonly { readonly service: string; readonly ageMs: number; readonly stopped: boolean }[]
  /** Requests in the newest two minutes, and how many were expected there. */
  readonly requests: number
  readonly expected: number
}

/**
 * Why exposure must go back to 0, or `undefined`. Missing data is never good news; no *exposed* data is, where
 * traffic is small.
 */
export function silence(reports: Reports): string | undefined {
  const expectedToReport = reports.processes.filter((process) => !process.stopped)
  const silent = expectedToReport.filter((process) => process.ageMs >= longestSilenceMs)
  const [first] = silent
  if (first !== undefined) {
    const seconds = Math.round(Math.max(...silent.map((process) => process.ageMs)) / 1_000)
    return silent.length === 1
      ? `A process of ${first.service} has not reported for ${seconds} s.`
      : `${silent.length} processes have not reported for up to ${seconds} s.`
  }
  if (expectedToReport.length === 0) return 'No process reports.'
  if (reports.requests === 0 && reports.expected >= fewestExpected) {
    return `No request came in for 2 min, where about ${Math.round(reports.expected)} were expected.`
  }
  return undefined
}
