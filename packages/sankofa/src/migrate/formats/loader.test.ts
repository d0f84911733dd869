import { join } from 'node:path'
import { expect, test } from '#harness'
import { readMigrations } from './read-migrations.ts'
import { makeProject } from './testing/project.ts'

const shapes = {
  list: `export const migrations = [{ id: 'a', up: 'select 1', undo: '' }, { id: 'b', group: 'release', up: async () => {} }]`,
  default: `export default [{ id: 'a', up: 'select 1', undo: '' }, { id: 'b', group: 'release', up: async () => {} }]`,
  commonjs: `module.exports = { load: () => [{ id: 'a', up: 'select 1', undo: '' }, { id: 'b', group: 'release', up: async () => {} }] }`,
  generator: `
    import type { Readable } from 'node:stream'
    export async function* load(): AsyncGenerator<object> {
      yield { id: 'a', up: 'select 1', undo: '' }
      yield { id: 'b', group: 'release', up: async (client: Readable) => {} }
    }`,
  promise: `export default async () => new Set([{ id: 'a', up: 'select 1', undo: '' }, { id: 'b', group: 'release', up: async () => {} }])`,
}

test('a loader may yield its migrations in any shape of a list', async () => {
  for (const [name, text] of Object.entries(shapes)) {
    const root = await makeProject({ 'loader.ts': text })

    const set = await readMigrations(root, { loader: join(root, 'loader.ts') })

    expect([name, set.tool, set.migrations.map(({ id, group, up, undo }) => [id, group, up.kind, undo?.kind])]).toEqual(
      [
        name,
        'loader',
        [
          ['a', 'a', 'sql', 'sql'],
          ['b', 'release', 'code', undefined],
        ],
      ],
    )
  }
})

test('every wrong entry of a loader is told at once', async () => {
  const root = await makeProject({
    'loader.ts': `export const migrations = [
      { id: '', up: 'select 1' }, { id: 'b', up: 3, undo: {} }, null, { id: 'd', up: '', down: '' }, { id: 'e', up: '' }, { id: 'e', up: '' },
    ]`,
  })

  await expect(readMigrations(root, { loader: join(root, 'loader.ts') })).rejects.toMatchObject({
    code: 'MIGRATIONS_WRONG',
    details: {
      problems: [
        '"": id: found "", expected a name.',
        '"b": up: found 3, expected SQL or an async function of a client.',
        '"b": undo: found {}, expected SQL, an async function of a client, or nothing.',
        'entry 3: found null; expected { id, group?, up, undo? }.',
        '"d": "down" is not known; expected id, group, up, undo.',
        '"e" is there 2 times; expected each id once.',
      ],
    },
  })
})

test('a loader that is missing, throws or yields no list says so', async () => {
  const root = await makeProject({ 'throws.ts': `throw new Error('no settings')`, 'number.ts': 'export default 4' })

  for (const [file, said] of [
    ['nowhere.ts', /ENOENT/],
    ['throws.ts', /no settings/],
    ['number.ts', /found number; expected "migrations"/],
  ] as const) {
    await expect(readMigrations(root, { loader: join(root, file) })).rejects.toThrow(said)
  }
})
