import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

/** Format, lint, types, architecture, unused code: fast enough to run before each commit. */
const root = join(import.meta.dirname, '..')
const checks: readonly { readonly name: string; readonly command: string; readonly args: readonly string[] }[] = [
  { name: 'format and lint', command: 'biome', args: ['check', '--error-on-warnings'] },
  { name: 'types', command: 'tsc', args: ['-p', 'tsconfig.json'] },
  { name: 'types of the console', command: 'tsc', args: ['-p', 'packages/console/tsconfig.json'] },
  {
    name: 'architecture',
    command: 'vitest',
    args: ['run', '--config', 'vitest.architecture.config.ts', '--reporter=dot'],
  },
  { name: 'unused code', command: 'knip', args: ['--no-progress'] },
]

let failed = 0
for (const check of checks) {
  const startedMs = performance.now()
  const bin = join(root, 'node_modules', '.bin')
  const result = spawnSync(join(bin, check.command), [...check.args], {
    cwd: root,
    encoding: 'utf8',
    // The tools' own scripts say "env node": let them find the Node that runs this.
    env: { ...process.env, PATH: `${join(process.execPath, '..')}:${process.env.PATH ?? ''}` },
  })
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
  if (result.status === 0) {
    console.log(`ok      ${check.name} (${seconds} s)`)
  } else {
    failed += 1
    console.log(`FAILED  ${check.name} (${seconds} s)\n${result.stdout}${result.stderr}`)
  }
}
if (failed > 0)
  console.log(`\n${failed} of ${checks.length} checks failed. "npx biome check --write" mends format and imports.`)
process.exitCode = failed === 0 ? 0 : 1
