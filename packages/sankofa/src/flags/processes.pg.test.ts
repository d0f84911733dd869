import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { expect, type TestDatabase, test, vi } from '#harness'
import { changeId } from '../core/index.ts'
import { inTransaction } from '../db/index.ts'
import { writeExposure } from './flag-row.ts'
import { backLocal } from './local-back.ts'
import { withFolder } from './testing/fixtures.ts'

const script = fileURLToPath(new URL('./testing/process.ts', import.meta.url))
const change = changeId('new-checkout')

type Child = { readonly process: ChildProcessByStdio<null, Readable, null>; readonly lines: string[] }

function start(db: TestDatabase, directory: string): Child {
  const child = spawn(process.execPath, ['--conditions=sankofa-source', script, db.url, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines: string[] = []
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line))
  return { process: child, lines }
}

const expose = (db: TestDatabase, share: number, stage: number, shareBefore: number): Promise<void> =>
  inTransaction(db.pool, (client) =>
    writeExposure(client, change, change, { goId: 1n, salt: 's', stage, share, shareBefore }, 1n),
  )
const exposedIn = (child: Child): number => Number(child.lines.at(-1)?.split(' ')[0])

test('two processes expose the same subjects in every stage, and both obey back --local of their host within 1 s', ({
  db,
}) =>
  withFolder(async (directory) => {
    await expose(db, 0.1, 1, 0)
    const children = [start(db, directory), start(db, directory)]
    try {
      await vi.waitFor(() => expect(children.map((child) => child.lines.length)).toEqual([1, 1]), { timeout: 15_000 })
      await expose(db, 0.5, 2, 0.1)
      await vi.waitFor(() => expect(children.map((child) => child.lines.length)).toEqual([2, 2]), { timeout: 2_000 })

      expect(children[0]?.lines).toEqual(children[1]?.lines)
      for (const child of children) expect(exposedIn(child) / 500).toBeCloseTo(0.5, 1)

      await backLocal(directory, change, { actor: 'kofi', reason: 'payments fail' })
      await vi.waitFor(() => expect(children.map(exposedIn)).toEqual([0, 0]), { timeout: 1_000 })
    } finally {
      for (const child of children) {
        const ended = child.process.exitCode === null ? once(child.process, 'exit') : undefined
        child.process.kill('SIGTERM')
        await ended
      }
    }
  }))
