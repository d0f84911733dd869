import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * `npm test`: everything that must hold. `npm test -- rollout` runs what has "rollout" in its path.
 * Ends with one line: "N passed, N failed".
 */
const root = join(import.meta.dirname, '..')
const reports = mkdtempSync(join(tmpdir(), 'sankofa-report-'))
const report = join(reports, 'report.json')
const run = spawnSync(
  join(root, 'node_modules', '.bin', 'vitest'),
  ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...process.argv.slice(2)],
  {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, PATH: `${join(process.execPath, '..')}:${process.env.PATH ?? ''}` },
  },
)

type Report = {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly numFailedTestSuites: number
}
let counts: Report | undefined
try {
  counts = JSON.parse(readFileSync(report, 'utf8')) as Report
} catch {
  console.error('Vitest wrote no report: it ended before the tests ran (see above).')
}
rmSync(reports, { recursive: true, force: true })
const passed = counts?.numPassedTests ?? 0
// A file that fails to load has no tests to count; it is a failure all the same.
const failed = Math.max(counts?.numFailedTests ?? 1, run.status === 0 ? 0 : 1)
const skipped = counts?.numPendingTests ?? 0
console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
process.exitCode = failed === 0 && passed > 0 && run.status === 0 ? 0 : 1
