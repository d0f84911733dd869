import { execFileSync } from 'node:child_process'
import { cpSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { runProgram } from './up/run-program.ts'

/**
 * `npm run build`: the toolkit as JavaScript in packages/sankofa/dist, as it is installed elsewhere: compiled, with its SQL, the
 * guard of the embedded server and the console's page.
 */
const root = join(import.meta.dirname, '..')
const toolkit = join(root, 'packages/sankofa')
const source = join(toolkit, 'src')
const dist = join(toolkit, 'dist')

await runProgram('the console could not be built', join(root, 'packages/console/build.ts'), { root })
// The page was built into it a moment ago.
for (const name of readdirSync(dist)) {
  if (name !== 'console') rmSync(join(dist, name), { recursive: true })
}
execFileSync(
  process.execPath,
  [join(root, 'node_modules/typescript/bin/tsc'), '-p', join(toolkit, 'tsconfig.build.json')],
  {
    cwd: root,
    stdio: 'inherit',
  },
)
for (const name of readdirSync(source, { recursive: true, encoding: 'utf8' })) {
  if (/\.(sql|sh)$/.test(name) && !name.includes('testing')) cpSync(join(source, name), join(dist, name))
}
console.log(`The toolkit is built in ${dist}.`)
