import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { specFor, specsOf, writeSpecs } from './manifest.ts'

test('only what a registry serves by version is updated', () => {
  const dependencies = {
    caret: '^1.0.0',
    any: '*',
    link: 'file:../x',
    sibling: 'workspace:^',
    git: 'github:a/b',
    alias: 'npm:b@1.0.0',
    tag: 'next',
  }

  expect([...specsOf({ dependencies, devDependencies: { exact: '1.0.0' } }).keys()]).toEqual(['caret', 'any', 'exact'])
})

test.for([
  ['^1.2.0', '^2.0.1'],
  ['~1.2.0', '~2.0.1'],
  ['1.2.0', '2.0.1'],
  ['>=1', '>=1'],
  ['*', '*'],
  ['1.x', '^2.0.1'],
  ['^1', '^2.0.1'],
] as const)('%s becomes %s for 2.0.1', ([before, after]) => {
  expect(specFor(before, '2.0.1')).toBe(after)
})

test('nothing of package.json changes but the spec: indent, order and the end stay', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pipeline-manifest-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const text = '{\n\t"z": 1,\n\t"dependencies": {\n\t\t"b": "^1.0.0",\n\t\t"a": "file:../a"\n\t},\n\t"name": "x"\n}'
  writeFileSync(join(folder, 'package.json'), text)

  expect(
    writeSpecs(
      folder,
      new Map([
        ['b', () => '^2.0.0'],
        ['a', () => '9.9.9'],
      ]),
    ),
  ).toBe(true)

  expect(readFileSync(join(folder, 'package.json'), 'utf8')).toBe(text.replace('^1.0.0', '^2.0.0'))
  expect(writeSpecs(folder, new Map([['c', () => '1.0.0']]))).toBe(false)
})
