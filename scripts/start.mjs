// Runs a TypeScript program of this repository on the Node 24 that npm installs, installing first what is missing.
// Plain JavaScript with built-ins only, because it runs on Node 20 and before anything is installed.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const node = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
const stampFile = join(root, 'node_modules', '.sankofa-installed')
const stamp = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .digest('hex')

const fail = (text) => {
  console.error(text)
  process.exit(2)
}

const [major = 0] = process.versions.node.split('.').map(Number)
if (major < 20) fail(`Sankofa's repository needs Node 20 or newer to install itself; this is ${process.version}.`)

if (!isInstalled()) {
  console.log('Installing packages (once, about a minute) …')
  const npm = process.env.npm_execpath
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error']
  const options = { cwd: root, stdio: 'inherit' }
  const result = npm
    ? spawnSync(process.execPath, [npm, ...args], options)
    : spawnSync('npm', args, { ...options, shell: process.platform === 'win32' })
  if (result.status !== 0)
    fail('npm could not install the packages (see above); nothing was started. Mend that and run it again.')
  if (!existsSync(node)) {
    fail(
      'Node 24 was not installed, because npm did not run the install script of the package "node". Allow it ("npm approve-scripts node") and run it again.',
    )
  }
  writeFileSync(stampFile, stamp)
}

function isInstalled() {
  try {
    return readFileSync(stampFile, 'utf8') === stamp && existsSync(node)
  } catch {
    return false
  }
}

const [program = '', ...rest] = process.argv.slice(2)
const child = spawn(
  node,
  ['--conditions=sankofa-source', '--disable-warning=ExperimentalWarning', join(root, program), ...rest],
  {
    cwd: root,
    stdio: 'inherit',
  },
)

// Ctrl-C reaches the whole foreground group by itself; the others reach only this process, so they are passed on.
process.on('SIGINT', () => {})
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('error', (error) => fail(`${node} could not be started: ${error.message}`))
child.on('exit', (code, signal) => process.exit(signal ? 128 + constants.signals[signal] : code))

// npm, or the shell below it, killed by kill -9: another parent adopts this process.
const parent = process.ppid
setInterval(() => {
  if (process.ppid !== parent) child.kill('SIGTERM')
}, 500).unref()
