import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ReleaseId } from '../../../core/index.ts'
import { type Layout, manifestFile } from '../../layout.ts'
import type { Manifest, StartSettings } from '../../release.ts'

/** A service that does what its `toy.json` says; `/sick` and `/well` change its health, `/die` ends it. */
const program = `
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
const toy = JSON.parse(readFileSync('toy.json', 'utf8'))
console.log('toy', process.env.SANKOFA_RELEASE, 'starts', process.env.COLOUR ?? '')
if (toy.child) spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
if (toy.failsWith !== undefined) {
  console.error(toy.failsWith)
  process.exit(1)
}
let health = toy.health ?? 200
const server = createServer((request, response) => {
  if (request.url === '/sick') health = 500
  if (request.url === '/well') health = 200
  if (request.url === '/die') process.exit(3)
  if (request.url === '/health') response.statusCode = health
  if (request.url === '/smoke-bad') response.statusCode = 500
  if (request.url === '/env') response.write(JSON.stringify({ ...process.env, cwd: process.cwd() }))
  response.end()
})
setTimeout(() => server.listen(Number(process.env.PORT), process.env.HOST), toy.afterMs ?? 0)
process.on('SIGTERM', () => {
  if (!toy.deaf) server.close(() => process.exit(0))
  server.closeAllConnections()
})
`

export type Toy = {
  /** Until it listens. */
  readonly afterMs?: number
  /** What its health answers at first; 200 unless told. */
  readonly health?: number
  /** It says this and ends. */
  readonly failsWith?: string
  /** It does not hear SIGTERM. */
  readonly deaf?: boolean
  /** It starts a process of its own that it does not end. */
  readonly child?: boolean
}

export const releaseId = (text: string): ReleaseId => text as ReleaseId

export function makeToyRelease(
  layout: Layout,
  id: string,
  toy: Toy = {},
  start: Partial<StartSettings> = {},
): ReleaseId {
  const folder = layout.release(releaseId(id))
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'server.mjs'), program)
  writeFileSync(join(folder, 'toy.json'), JSON.stringify(toy))
  const manifest: Manifest = {
    format: 1,
    service: 'toy',
    release: releaseId(id),
    digest: id,
    source: { kind: 'directory', from: folder },
    madeAt: '2026-01-01T00:00:00.000Z',
    madeBy: 'ama',
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
    start: {
      command: ['node', 'server.mjs'],
      environment: {},
      health: '/health',
      smoke: ['/'],
      readyWithinMs: 10_000,
      stopWithinMs: 2_000,
      ...start,
    },
  }
  writeFileSync(join(folder, manifestFile), JSON.stringify(manifest))
  return releaseId(id)
}
