import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '#harness'
import { measureSize } from './measure-size.ts'
import { overBudget, proposeSplit } from './split-proposal.ts'
import { commitAll, git, temporaryFolder, write } from './testing/sample-project.ts'
import { topFolder, whatIsNew } from './what-is-new.ts'

const lines = (count: number, text = 'line'): string =>
  Array.from({ length: count }, (_, index) => `${text} ${index}\n`).join('')

function repository(files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder()
  git(folder, 'init', '-q')
  write(folder, { 'README.md': 'sample\n', ...files })
  commitAll(folder, 'before')
  git(folder, 'tag', 'before')
  return folder
}

const manifest = (dependencies: object): string => JSON.stringify({ name: 'shop', dependencies }, undefined, 2)
const lock = (packages: object): string => JSON.stringify({ lockfileVersion: 3, packages }, undefined, 2)

describe('the size of a change', () => {
  test('counts what people wrote; generated files are listed with the reason and count nowhere', async () => {
    const folder = repository({
      'src/a.ts': lines(10),
      'src/moved.ts': lines(30, 'm'),
      '.gitattributes': 'api/*.ts linguist-generated\nsnap/kept.snap -linguist-generated\n',
    })
    git(folder, 'mv', 'src/moved.ts', 'src/there.ts')
    write(folder, {
      'src/a.ts': `${lines(8)}new\n`,
      'api/client.ts': lines(500),
      'dist/out.js': lines(100),
      'web/x.min.js': lines(5),
      'snap/kept.snap': lines(2),
      'snap/test.snap': lines(2),
      'odd name\tü.txt': lines(1),
    })
    writeFileSync(join(folder, 'logo.png'), Buffer.from([0, 1, 2, 0, 3]))
    commitAll(folder, 'after')

    const size = await measureSize({ repository: folder, from: 'before', to: 'HEAD' })

    expect(size).toMatchObject({ added: 1 + 2 + 1, removed: 2, lines: 6, files: 5, binaryFiles: 1 })
    expect(size.changed.find((file) => file.path === 'src/there.ts')).toMatchObject({
      was: 'src/moved.ts',
      added: 0,
      removed: 0,
    })
    expect(size.changed.map((file) => file.path)).toContain('odd name\tü.txt')
    expect(size.largest[0]?.path).toBe('src/a.ts')
    expect(Object.fromEntries(size.leftOut.map((file) => [file.path, file.why]))).toEqual({
      'api/client.ts': 'linguist-generated',
      'dist/out.js': 'built',
      'snap/test.snap': 'snapshot of a test',
      'web/x.min.js': 'minified',
    })
  })

  test('names migrations, flags and dependencies', async () => {
    const folder = repository({
      'package.json': manifest({ fastify: '5.0.0', left: '1.0.0' }),
      'package-lock.json': lock({
        '': {},
        'node_modules/fastify': { version: '5.0.0' },
        'node_modules/deep': { version: '1.0.0' },
      }),
      'migrations/0001_begin/up.sql': 'select 1;\n',
    })
    write(folder, {
      'package.json': manifest({ fastify: '5.1.0', pino: '9.0.0' }),
      'package-lock.json': lock({
        '': {},
        'node_modules/fastify': { version: '5.1.0' },
        'node_modules/deep': { version: '1.0.0' },
        'node_modules/fastify/node_modules/deep': { version: '2.0.0' },
      }),
      'migrations/0002_next/up.sql': 'select 2;\n',
      'migrations/0002_next/undo.sql': 'select 2;\n',
      'db/migrate/20240101_flat.up.sql': '',
      'db/migrate/20240101_flat.down.sql': '',
      'src/migrate/plan.ts': 'export {}\n',
    })
    commitAll(folder, 'after')

    const size = await measureSize({
      repository: folder,
      from: 'before',
      to: 'HEAD',
      flags: { before: ['a'], after: ['a', 'b'] },
    })

    expect(size.migrations).toEqual(['db/migrate/20240101_flat', 'migrations/0002_next'])
    expect(size.flags).toEqual(['b'])
    expect(size.dependencies).toEqual([
      { name: 'deep', from: '1.0.0', to: '1.0.0, 2.0.0', named: false },
      { name: 'fastify', from: '5.0.0', to: '5.1.0', named: true },
      { name: 'left', from: '1.0.0', to: undefined, named: true },
      { name: 'pino', from: undefined, to: '9.0.0', named: true },
    ])
    expect(overBudget(size, { dependencies: 2, lines: 10_000 })).toEqual(['3 dependencies, the budget is 2'])
  })

  test.each([
    [
      'pnpm-lock.yaml',
      (v: string) =>
        `lockfileVersion: '9.0'\n\npackages:\n\n  '@a/b@${v}':\n    resolution: {}\n\n  c@1.0.0:\n    resolution: {}\n`,
    ],
    [
      'yarn.lock',
      (v: string) =>
        `# yarn\n\n"@a/b@^1.0.0":\n  version "${v}"\n\nc@^1.0.0, c@^1.0.1:\n  version "1.0.0"\n  resolved "x"\n`,
    ],
    [
      'berry/yarn.lock',
      (v: string) => `__metadata:\n  version: 8\n\n"@a/b@npm:^1.0.0":\n  version: ${v}\n  resolution: "x"\n`,
    ],
  ])('reads %s', async (path, text) => {
    const folder = repository({ [path]: text('1.0.0') })
    write(folder, { [path]: text('1.2.0') })
    commitAll(folder, 'after')

    const size = await measureSize({ repository: folder, from: 'before', to: 'HEAD' })

    expect(size.dependencies).toEqual([{ name: '@a/b', from: '1.0.0', to: '1.2.0', named: false }])
    expect(size.files).toBe(0)
  })

  test('a commit that is not there is told', async () => {
    const folder = repository({})

    await expect(measureSize({ repository: folder, from: 'gone', to: 'HEAD' })).rejects.toMatchObject({
      code: 'RELEASE_SOURCE_WRONG',
      message: /unshallow/,
    })
  })
})

describe('what is new', () => {
  test('tells commits with their authors, and where to look', async () => {
    const folder = repository({ 'src/cart/a.ts': '' })
    write(folder, { 'src/cart/a.ts': 'if (flag("new-cart")) {}\n', 'top.txt': '' })
    const cart = commitAll(folder, 'cart: a new way')
    git(folder, 'checkout', '-qb', 'side', 'before')
    write(folder, { 'migrations/0002_x/up.sql': '', 'src/pay/b.ts': 'x\n' })
    const pay = commitAll(folder, 'pay: "quoted" | odd')
    git(folder, 'checkout', '-q', 'main')
    git(folder, 'merge', '-q', '--no-edit', 'side')

    const news = await whatIsNew({ repository: folder, from: 'before', to: 'main', flags: ['new-cart', 'other'] })
    const older = await whatIsNew({ repository: folder, from: 'main', to: 'before' })

    expect(new Set(news.commits.map((commit) => commit.id))).toEqual(new Set([cart, pay]))
    expect(news.commits.find((commit) => commit.id === pay)).toMatchObject({
      title: 'pay: "quoted" | odd',
      author: 'Ama',
      files: ['migrations/0002_x/up.sql', 'src/pay/b.ts'],
    })
    expect(news.groups.map(({ kind, name, commits }) => [kind, name, commits])).toEqual([
      ['migration', 'migrations/0002_x', [pay]],
      ['flag', 'new-cart', [cart]],
      ['folder', '.', [cart]],
      ['folder', 'migrations', [pay]],
      ['folder', 'src/cart', [cart]],
      ['folder', 'src/pay', [pay]],
    ])
    expect(news.missing).toEqual([])
    expect([older.commits.length, older.missing.length]).toEqual([0, 2])
  })
})

test.each([
  ['README.md', '.'],
  ['docs/deep/a.md', 'docs'],
  ['src/cart/deep/a.ts', 'src/cart'],
  ['packages/shop/package.json', 'packages/shop'],
  ['packages/shop/src/index.ts', 'packages/shop'],
  ['packages/shop/src/cart/deep/a.ts', 'packages/shop/src/cart'],
])('%s is to be looked for in %s', (path, folder) => {
  expect(topFolder(path)).toBe(folder)
})

describe('a proposal to split', () => {
  test('migrations first, then dependencies, then what does not import one another; a contract step last', async () => {
    const folder = repository({
      'package.json': manifest({}),
      'packages/lib/package.json': JSON.stringify({ name: '@shop/lib' }),
      'src/cart/old.ts': "import { price } from '../price/price.ts'\n",
      'src/price/price.ts': 'export const price = 1\n',
    })
    write(folder, {
      'package.json': manifest({ pino: '9.0.0' }),
      'migrations/0002_add/up.sql': '-- expand: a column\n',
      'migrations/0003_drop/up.sql': '-- contract: the old column goes\n',
      'src/cart/old.ts': lines(50, '// no import any more'),
      'src/price/price.ts': lines(20, '// price'),
      'src/pay/pay.ts': `import { x } from '@shop/lib'\n${lines(30, '//')}`,
      'packages/lib/src/x.ts': lines(40, '// lib'),
      'src/mail/mail.ts': lines(60, '// mail'),
      'docs/mail.md': lines(5),
    })
    commitAll(folder, 'too much at once')
    const size = await measureSize({ repository: folder, from: 'before', to: 'HEAD' })

    const { parts } = await proposeSplit({ repository: folder, size, budget: { lines: 80 } })

    expect(parts.map((part) => [part.kind, part.title])).toEqual([
      ['migration', 'migrations/0002_add'],
      ['dependencies', 'dependencies'],
      ['code', 'docs'],
      ['code', 'packages/lib'],
      ['code', 'src/cart'],
      ['code', 'src/mail'],
      ['migration', 'migrations/0003_drop'],
    ])
    expect(parts.find((part) => part.title === 'packages/lib')?.files).toEqual([
      'packages/lib/src/x.ts',
      'src/pay/pay.ts',
    ])
    // They import one another only before the change: taken apart, the old one would import what has changed under it.
    expect(parts.find((part) => part.title === 'src/cart')).toMatchObject({
      files: ['src/cart/old.ts', 'src/price/price.ts'],
      flag: 'src-cart',
    })
    expect(parts.flatMap((part) => part.files).sort()).toEqual(size.changed.map((file) => file.path).sort())
    expect(parts.reduce((sum, part) => sum + part.lines, 0)).toBe(size.lines)
  })

  test('one folder with independent files is split to fit the budget, and what cannot be split says so', async () => {
    const folder = repository({})
    write(folder, {
      'src/a.ts': lines(60),
      'src/b.ts': lines(60),
      'src/c.ts': `import './d.js'\n${lines(60)}`,
      'src/d.ts': lines(60),
    })
    commitAll(folder, 'after')
    const size = await measureSize({ repository: folder, from: 'before', to: 'HEAD' })

    const { parts } = await proposeSplit({ repository: folder, size, budget: { lines: 100 } })

    expect(parts.map((part) => [part.files, part.isTooLarge])).toEqual([
      [['src/c.ts', 'src/d.ts'], true],
      [['src/a.ts'], false],
      [['src/b.ts'], false],
    ])
  })
})
