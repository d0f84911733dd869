import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, type TestDatabase, test } from '#harness'
import { changeId } from '../core/index.ts'
import { foldAll, foldChange, openJournal } from '../journal/index.ts'

const shim = fileURLToPath(new URL('../../bin/sankofa.js', import.meta.url))
const toolkit = fileURLToPath(new URL('../index.ts', import.meta.url))

type Answer = { readonly code: number; readonly out: string; readonly err: string }

/** A folder with a config of its own: one flag whose undo holds, one whose old path breaks, one tunable. */
function project(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sankofa-cli-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(
    join(folder, 'sankofa.config.ts'),
    `import { defineConfig, defineFlag, defineTunable } from ${JSON.stringify(toolkit)}
const proof = (oldPath: () => Promise<void>) => ({ async prepare() {}, async newPath() {}, oldPath, async close() {} })
export const config = defineConfig({
  service: 'shop',
  flags: [
    defineFlag({ id: 'new-search', title: 'A new search', owner: 'ama', expires: '2030-01-01', proof: proof(async () => {}) }),
    defineFlag({ id: 'one-way', title: 'No way back', owner: 'kofi', expires: '2030-01-01', proof: proof(async () => { throw new Error('column "total" is null') }) }),
  ],
  tunables: [defineTunable({ id: 'fee-bps', title: 'Fee', owner: 'ama', initial: 100, validate: (value: unknown) => { if (typeof value !== 'number' || value < 0 || value > 500) throw new Error('expected 0 to 500 basis points'); return value } })],
})
`,
  )
  return folder
}

function sankofa(folder: string, url: string, ...args: readonly string[]): Promise<Answer> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [shim, ...args],
      {
        cwd: folder,
        env: {
          ...process.env,
          DATABASE_URL: url,
          SANKOFA_DIR: join(folder, '.sankofa'),
          SANKOFA_ACTOR: 'ama',
          INIT_CWD: folder,
        },
      },
      (error, out, err) => resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    )
  })
}

const stateIn = async (db: TestDatabase, change: string) =>
  foldChange(await openJournal(db.pool).read({ change: changeId(change) }))

test('propose, prove and go are journalled with who asked, and go says what will be seen', async ({ db }) => {
  const folder = project()

  const proposed = await sankofa(folder, db.url, 'propose', 'new-search')
  const proved = await sankofa(folder, db.url, 'prove', 'new-search', '--json')
  const go = await sankofa(folder, db.url, 'go', 'new-search')

  expect([proposed.code, proved.code, go.code]).toEqual([0, 0, 0])
  expect(JSON.parse(proved.out)).toMatchObject({ change: 'new-search', proof: { ok: true, loss: 'kept' } })
  expect(go.out).toContain('No watcher runs')
  expect(await stateIn(db, 'new-search')).toMatchObject({
    state: 'proved',
    author: 'ama',
    pending: { want: 'go', actor: 'ama' },
  })
})

test('an undo that does not hold is an answer of no, kept in the journal', async ({ db }) => {
  const folder = project()

  const proved = await sankofa(folder, db.url, 'prove', 'one-way')

  expect(proved.code).toBe(1)
  expect(proved.out).toContain('column "total" is null')
  expect(await stateIn(db, 'one-way')).toMatchObject({ state: 'refused' })
})

test('a tunable is proposed as name=value, and a value that the service refuses is not proposed', async ({ db }) => {
  const folder = project()

  const fine = await sankofa(folder, db.url, 'prove', 'fee-bps=150')
  const wrong = await Promise.all(
    ['fee-bps=900', 'fee-bps=', 'fee-bps=many'].map((target) => sankofa(folder, db.url, 'propose', target)),
  )

  expect(fine.code).toBe(0)
  expect(wrong.map(({ code }) => code)).toEqual([1, 1, 1])
  for (const { err } of wrong) expect(err).toContain('expected 0 to 500 basis points. Propose another value.')
  expect(wrong[2]?.err).toContain('does not take "many"')
  expect([...foldAll(await openJournal(db.pool).read()).keys()]).toEqual(['fee-bps-to-150'])
}, 60_000)

test('go with a tunable says that everyone meets it at once, and what is not seen then', async ({ db }) => {
  const folder = project()

  const go = await sankofa(folder, db.url, 'go', 'fee-bps=150')

  expect(go.code).toBe(0)
  expect(go.out).toContain('Everyone meets it at once')
  expect(go.out).toContain('Asked: fee-bps-to-150 goes out.')
  expect(go.out).toContain('! It waits to go out, because nobody would see whether it hurts: No process reports.')
})

test('status and why say each thing once, and in words', async ({ db }) => {
  const folder = project()

  const none = await sankofa(folder, db.url, 'why')
  await sankofa(folder, db.url, 'propose', 'new-search')
  const status = await sankofa(folder, db.url, 'status')
  const why = await sankofa(folder, db.url, 'why', 'new-search')

  expect(none.code).toBe(1)
  expect(none.err).toContain('No change has been proposed yet')
  expect(status.out).toContain('  new-search  Proposed; not proved yet.')
  expect(why.out).toContain('new-search: Proposed; not proved yet.')
}, 60_000)

test('what is not there is answered with what is', async ({ db }) => {
  const folder = project()

  const unknown = await sankofa(folder, db.url, 'go', 'new-serch')
  const nothing = await sankofa(folder, db.url, 'back')
  const command = await sankofa(folder, db.url, 'bakc')

  expect(unknown).toMatchObject({ code: 1 })
  expect(unknown.err).toContain('Known: new-search, one-way, fee-bps=VALUE')
  expect(nothing.code).toBe(1)
  expect(command.code).toBe(2)
  expect(command.err).toContain('back')
})

test('without PostgreSQL a question cannot be asked, and back says how to go back on this host', async () => {
  const folder = project()
  const away = 'postgres://ama:topsecret@127.0.0.1:1/shop'

  const status = await sankofa(folder, away, 'status')
  const back = await sankofa(folder, away, 'back', 'new-search')
  const local = await sankofa(folder, away, 'back', 'new-search', '--local', '--reason', 'customers call')

  expect(status.code).toBe(2)
  expect(status.err).toContain('PostgreSQL at 127.0.0.1:1 does not answer')
  expect(status.err).not.toContain('topsecret')
  expect(back.err).toContain('sankofa back new-search --local')
  expect(local.code).toBe(0)
  expect(readFileSync(join(folder, '.sankofa', 'overrides.json'), 'utf8')).toContain('customers call')
})

test('every command explains itself', async () => {
  const folder = project()

  for (const command of ['status', 'propose', 'prove', 'go', 'hold', 'back', 'why', 'watch']) {
    const help = await sankofa(folder, 'postgres://127.0.0.1:1/none', command, '--help')
    expect(help.code).toBe(0)
    expect(help.out).toContain('--json')
  }
}, 60_000)

test('a missing config and wrong settings are named', async ({ db }) => {
  const folder = mkdtempSync(join(tmpdir(), 'sankofa-cli-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))

  const none = await sankofa(folder, db.url, 'status')

  expect(none.code).toBe(2)
  expect(none.err).toContain('expected a file that exports "config = defineConfig')
})
