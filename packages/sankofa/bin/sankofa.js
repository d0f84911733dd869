#!/usr/bin/env node
// In the repository this runs the TypeScript source on the Node 24 in node_modules; when installed it runs dist.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'

const source = new URL('../src/cli/main.ts', import.meta.url)
const inRepository = existsSync(source)
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
const newEnough = major > 22 || (major === 22 && minor >= 18)

if (!inRepository && newEnough) {
  await import(new URL('../dist/cli/main.js', import.meta.url).href)
} else {
  const local = fileURLToPath(new URL('../../../node_modules/node/bin/node', import.meta.url))
  const node = inRepository && existsSync(local) ? local : newEnough ? process.execPath : undefined
  if (node === undefined || !inRepository) {
    console.error(
      `sankofa needs Node 22.18 or newer, this is ${process.version}. Install a newer Node and run it again.`,
    )
    process.exit(2)
  }
  const child = spawn(
    node,
    [
      '--conditions=sankofa-source',
      '--disable-warning=ExperimentalWarning',
      fileURLToPath(source),
      ...process.argv.slice(2),
    ],
    {
      stdio: 'inherit',
    },
  )
  // Ctrl-C reaches the whole foreground group; SIGTERM reaches only this process, so it is passed on.
  process.on('SIGINT', () => {})
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => process.exit(signal ? 128 + constants.signals[signal] : (code ?? 2)))
}
