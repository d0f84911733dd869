import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, type TestDatabase, test } from '#harness'

const shim = fileURLToPath(new URL('../../bin/sankofa.js', import.meta.url))

/** Proves one migration whose up is this JavaScript. */
function prove(
  db: TestDatabase,
  up: string,
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'sankofa-modules-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(
    join(folder, 'loader.mjs'),
    `export const migrations = [{ id: '0001', async up(client) { ${up} }, undo: 'drop table if exists t' }]`,
  )
  const env = { ...process.env, INIT_CWD: folder, SANKOFA_DIR: join(folder, '.sankofa') }
  const args = [shim, 'prove', '.', '--loader', 'loader.mjs', '--shadow', db.url]
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: folder, env, timeout: 25_000 }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    )
  })
}

test('a module that ends the process has not made its proof succeed', async ({ db }) => {
  const { code, err } = await prove(db, 'process.exit(0)')

  expect(code).toBe(2)
  expect(err).toContain('ended before the command was done')
})

test('a module that leaves a timer behind keeps no command from ending', async ({ db }) => {
  const { code, out } = await prove(db, `setInterval(() => {}, 1_000); await client.query('create table t ()')`)

  expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining('1 of 1 undos proved') })
})

test('a module that throws what is no error fails its proof', async ({ db }) => {
  const { code, out } = await prove(db, 'throw null')

  expect({ code, out }).toEqual({ code: 1, out: expect.stringContaining('The module threw null') })
})
