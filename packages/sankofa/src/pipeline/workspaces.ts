import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { parse } from 'yaml'
import { SankofaError } from '../core/index.ts'

type Names = Readonly<Record<string, string>>

/** What is read of a package.json. */
export type Manifest = {
  readonly name?: string
  readonly private?: boolean
  readonly scripts?: Names
  readonly dependencies?: Names
  readonly devDependencies?: Names
  readonly optionalDependencies?: Names
  readonly engines?: { readonly node?: string }
  readonly packageManager?: string
  readonly workspaces?: readonly string[] | { readonly packages?: readonly string[] }
}

export type PackageFolder = {
  readonly name: string
  readonly directory: string
  readonly manifest: Manifest
}

/** @throws SankofaError `PROJECT_WRONG` when it is no JSON object */
export function readManifest(directory: string): Manifest {
  const wrong = (reason: string, cause?: unknown): SankofaError =>
    new SankofaError('PROJECT_WRONG', { directory, problems: [`package.json ${reason}`] }, { cause })
  const text = readFileSync(join(directory, 'package.json'), 'utf8')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw wrong(`is not JSON (${cause instanceof Error ? cause.message : String(cause)}).`, cause)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong('is not an object.')
  const problems = ['scripts', 'dependencies', 'devDependencies', 'optionalDependencies', 'engines'].flatMap((name) => {
    const found = (value as Record<string, unknown>)[name]
    const fits =
      found === undefined ||
      (typeof found === 'object' && found !== null && Object.values(found).every((one) => typeof one === 'string'))
    return fits ? [] : [`package.json: "${name}" has to be an object of texts.`]
  })
  if (problems.length > 0) throw new SankofaError('PROJECT_WRONG', { directory, problems })
  return value as Manifest
}

/** The package of a folder, and the monorepo it belongs to. */
export function findTop(directory: string): { readonly own: string; readonly top: string } {
  const own = upwards(directory).find((folder) => existsSync(join(folder, 'package.json')))
  if (own === undefined) {
    const problems = ['There is no package.json, neither here nor above. Run this in a project, or "npm init" first.']
    throw new SankofaError('PROJECT_WRONG', { directory, problems })
  }
  const top = upwards(dirname(own)).find(
    (folder) =>
      existsSync(join(folder, 'package.json')) &&
      foldersOf(folder, patternsOf(folder, readManifest(folder))).includes(own),
  )
  return { own, top: top ?? own }
}

/** @param problems - gets what is wrong with the workspaces */
export function workspacesOf(root: string, manifest: Manifest, problems: string[]): readonly PackageFolder[] {
  const folders = foldersOf(root, patternsOf(root, manifest))
  const packages = folders.map((directory): PackageFolder => {
    const own = readManifest(directory)
    return { name: own.name ?? relative(root, directory), directory, manifest: own }
  })
  const names = packages.map(({ name }) => name)
  for (const name of new Set(names.filter((one, index) => names.indexOf(one) !== index))) {
    const where = packages.filter((one) => one.name === name).map(({ directory }) => relative(root, directory))
    problems.push(`Two workspaces are named "${name}": ${where.join(', ')}. Rename one.`)
  }
  return [{ name: manifest.name ?? 'root', directory: root, manifest }, ...packages]
}

const upwards = (directory: string): readonly string[] =>
  dirname(directory) === directory ? [directory] : [directory, ...upwards(dirname(directory))]

function patternsOf(root: string, { workspaces }: Manifest): readonly string[] {
  const file = join(root, 'pnpm-workspace.yaml')
  if (existsSync(file)) {
    const { packages } = (parse(readFileSync(file, 'utf8')) ?? {}) as { packages?: unknown }
    return Array.isArray(packages) ? packages.filter((one) => typeof one === 'string') : []
  }
  if (workspaces === undefined) return []
  return 'packages' in workspaces ? (workspaces.packages ?? []) : (workspaces as readonly string[])
}

function foldersOf(root: string, patterns: readonly string[]): readonly string[] {
  const find = (pattern: string): readonly string[] =>
    globSync(`${pattern.replace(/^\.\//, '').replace(/\/+$/, '')}/package.json`, {
      cwd: root,
      exclude: (name) => name === 'node_modules' || name.split(sep).includes('node_modules'),
    }).map((file) => dirname(join(root, file)))
  const without = new Set(patterns.filter((one) => one.startsWith('!')).flatMap((one) => find(one.slice(1))))
  const found = new Set(patterns.filter((one) => !one.startsWith('!')).flatMap(find))
  return [...found].filter((folder) => folder !== root && !without.has(folder)).sort()
}
