import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { runCommand } from '../run-command.ts'
import { asInCi } from '../step.ts'
import { failingTests, failingWords } from './failing-tests.ts'

const suite = (imports: string, name: string): string => `${imports}
describe('wallet', () => {
  describe('deep', () => { ${name}('pays out once', () => { throw new Error('1 is not 2') }) })
  ${name}('is fine', () => {})
})
${name}('top level', () => { throw new Error('boom') })
`

function folder(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'pipeline-failing-'))
  onTestFinished(() => rmSync(root, { recursive: true }))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), text)
  }
  return root
}

// A runner that finds itself run by Vitest behaves otherwise.
const env = {
  ...asInCi,
  ...Object.fromEntries(
    Object.keys(process.env)
      .filter((name) => /^VITEST|^NODE_(TEST|V8)/.test(name))
      .map((name) => [name, undefined]),
  ),
}

test('of Vitest, as it prints today', async () => {
  const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs')
  const cwd = folder({
    'a.test.js': suite("import { describe, test } from 'vitest'", 'test'),
    'b.test.js': "throw new Error('cannot load')",
    'package.json': '{"type":"module"}',
    'vitest.config.js': `export default { resolve: { alias: { vitest: ${JSON.stringify(dirname(vitest))} } } }`,
  })

  const { stdout, stderr } = await runCommand([process.execPath, vitest, 'run'], { cwd, env })

  expect(failingTests(`${stdout}\n${stderr}`)).toEqual(
    expect.arrayContaining([
      { name: 'b.test.js', file: 'b.test.js' },
      { name: 'wallet > deep > pays out once', file: 'a.test.js' },
      { name: 'top level', file: 'a.test.js' },
    ]),
  )
})

test.for([['spec'], ['tap']])('of node --test with the reporter %s, as it prints today', async ([reporter = '']) => {
  const cwd = folder({
    'a.test.mjs': suite("import { describe, test } from 'node:test'", 'test'),
    'b.test.mjs': "throw new Error('cannot load')",
  })

  const { stdout } = await runCommand([process.execPath, '--test', `--test-reporter=${reporter}`], { cwd, env })

  const found = failingTests(stdout).map(({ name, file }) => [name, file?.split('/').at(-1)])
  expect(found.sort()).toEqual([
    ['b.test.mjs', 'b.test.mjs'],
    ['pays out once', 'a.test.mjs'],
    ['top level', 'a.test.mjs'],
  ])
})

test('of Jest 30', () => {
  const printed = `FAIL shop src/a.test.js (5.2 s)
  ● Console

    console.log
      hello

  ● wallet › deep › pays out once

    expect(received).toBe(expected) // Object.is equality

      at Object.toBe (a.test.js:1:93)

  ● top level

    boom

FAIL src/b.test.js
  ● Test suite failed to run

    cannot load

PASS src/c.test.js
Test Suites: 2 failed, 1 passed, 3 total

Summary of all failing tests
FAIL shop src/a.test.js (5.2 s)
  ● wallet › deep › pays out once
`

  expect(failingTests(printed)).toEqual([
    { name: 'wallet > deep > pays out once', file: 'src/a.test.js' },
    { name: 'top level', file: 'src/a.test.js' },
    { name: 'src/b.test.js', file: 'src/b.test.js' },
  ])
})

test('of Mocha 11', () => {
  const printed = `

  1) top level
  wallet
    ✔ is fine
    deep
      2) pays out once

  1 passing (9ms)
  3 failing

  1) top level:
     Error: boom
      at Context.<anonymous> (m/a.js:3:31)

  2) wallet
       deep
         pays out once:

      AssertionError [ERR_ASSERTION]: 1 == 2
      + expected - actual

      -1
      +2
      
      at Context.<anonymous> (m/a.js:2:88)

  3) hooked
       "before all" hook for "x":
     Error: no db
`

  expect(failingTests(printed)).toEqual([
    { name: 'top level' },
    { name: 'wallet > deep > pays out once' },
    { name: 'hooked > "before all" hook for "x"' },
  ])
})

test('of output that no known runner printed, nothing; and the first is named with the count of the others', () => {
  expect(failingTests('make: *** [test] Error 1\nFAIL\nnot ok 1 - x\n')).toEqual([])
  expect(failingWords([])).toBe('')
  expect(failingWords([{ name: 'b.js', file: 'b.js' }, { name: 'x' }])).toBe('b.js and 1 more')
  expect(failingWords([{ name: 'pays', file: 'a.js' }])).toBe('a.js > pays')
})
