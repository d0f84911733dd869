import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'
import { advice, mayImport, packagesMayImport } from './architecture.ts'

const root = join(import.meta.dirname, '..')
const toolkit = join(root, 'packages', 'sankofa', 'src')
/** Faces that join the parts, at the root of the toolkit's source. */
const isFace = (file: string): boolean => dirname(file) === toolkit

const sourceFiles = (folder: string): readonly string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return entry.name === 'node_modules' || entry.name === 'dist' ? [] : sourceFiles(path)
    return /\.tsx?$/.test(entry.name) ? [path] : []
  })

const importsOf = (file: string): readonly string[] =>
  [...readFileSync(file, 'utf8').matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'([^']+)'/g)].map((match) => match[1] ?? '')

const partOf = (file: string): string => relative(toolkit, file).split('/')[0] ?? ''
const isTest = (file: string): boolean => /\.test\.tsx?$/.test(file) || file.includes('/testing/')

describe('parts of the toolkit', () => {
  const parts: Readonly<Record<string, readonly string[]>> = mayImport

  test('every folder is a part of the table, and every part is a folder with an index.ts', () => {
    const folders = readdirSync(toolkit).filter((name) => statSync(join(toolkit, name)).isDirectory())

    expect(folders.sort()).toEqual(Object.keys(parts).sort())
    const withoutIndex = folders.filter(
      (part) => part !== 'cli' && !sourceFiles(join(toolkit, part)).includes(join(toolkit, part, 'index.ts')),
    )
    expect(withoutIndex).toEqual([])
  })

  test('a part imports only the parts it may, and only their index.ts', () => {
    const wrong: string[] = []
    for (const file of sourceFiles(toolkit).filter((path) => !isFace(path))) {
      const from = partOf(file)
      for (const specifier of importsOf(file).filter((text) => text.startsWith('.'))) {
        const target = join(dirname(file), specifier)
        if (!target.startsWith(toolkit)) {
          wrong.push(
            `${relative(root, file)} imports ${specifier}, outside the toolkit: use the package's public name.`,
          )
          continue
        }
        const to = partOf(target)
        if (to === from) continue
        if (isFace(target)) {
          wrong.push(`${relative(root, file)} imports the face ${specifier}: import the parts it is made of.`)
        } else if (!isTest(file) && !(parts[from] ?? []).includes(to)) {
          wrong.push(
            `${from} → ${to} in ${relative(root, file)}: ${advice[`${from} → ${to}`] ?? `${from} stands above ${to}, or they are kinds that must not know each other; pass the value in from cli.`}`,
          )
        } else if (!/\/index\.ts$/.test(target)) {
          wrong.push(`${relative(root, file)} imports ${specifier}: another part is imported by its index.ts only.`)
        }
      }
    }

    expect(wrong).toEqual([])
  })

  test('the table itself has no cycle', () => {
    const order = Object.keys(parts)
    const backwards = order.flatMap((part, index) =>
      (parts[part] ?? []).filter((target) => order.indexOf(target) >= index).map((target) => `${part} → ${target}`),
    )

    expect(backwards).toEqual([])
  })
})

describe('packages', () => {
  test('a package imports others by public name, and only those it may', () => {
    const wrong: string[] = []
    for (const [folder, allowed] of Object.entries(packagesMayImport)) {
      for (const file of sourceFiles(join(root, folder))) {
        for (const specifier of importsOf(file)) {
          if (specifier.startsWith('.')) {
            const target = relative(join(root, folder), join(dirname(file), specifier))
            if (target.startsWith('..') && folder !== 'test')
              wrong.push(`${relative(root, file)} reaches out of ${folder} with ${specifier}: use the public name.`)
            continue
          }
          const workspace = /^(sankofa|@sankofa\/[a-z-]+)/.exec(specifier)?.[0]
          const own = {
            'packages/sankofa': 'sankofa',
            'packages/ledger': '@sankofa/ledger',
            'apps/market': '@sankofa/market',
          }[folder]
          if (workspace !== undefined && workspace !== own && !allowed.includes(workspace)) {
            wrong.push(
              `${relative(root, file)} imports ${specifier}: ${folder} may import ${allowed.length === 0 ? 'no other package' : allowed.join(', ')}.`,
            )
          }
          if (/\/src\//.test(specifier) && !specifier.startsWith('#'))
            wrong.push(`${relative(root, file)} imports ${specifier}: name the package, not its source.`)
        }
      }
    }

    expect(wrong).toEqual([])
  })
})
