import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inParallel } from '../in-parallel.ts'

type Manifest = Readonly<
  Record<'dependencies' | 'peerDependencies' | 'optionalDependencies', Readonly<Record<string, string>> | undefined>
>

/**
 * Installed packages that need a package of the project itself, such as a plugin of it, and those that need such a one. From
 * the store they would not find it: their place is the release.
 *
 * @param modules - a node_modules folder of the store
 * @param own - names of the project's own packages
 */
export async function needsOwn(modules: string, own: ReadonlySet<string>): Promise<ReadonlySet<string>> {
  if (own.size === 0) return new Set()
  const needs = new Map<string, readonly string[]>()
  await inParallel(16, await packageNames(modules), async (name) => {
    const manifest = await readManifest(join(modules, name, 'package.json'))
    const { dependencies, peerDependencies, optionalDependencies } = manifest
    needs.set(name, Object.keys({ ...dependencies, ...peerDependencies, ...optionalDependencies }))
  })
  const found = new Set<string>()
  for (let grew = true; grew; ) {
    const before = found.size
    for (const [name, each] of needs)
      if (!own.has(name) && each.some((needed) => own.has(needed) || found.has(needed))) found.add(name)
    grew = found.size > before
  }
  return found
}

async function packageNames(modules: string): Promise<readonly string[]> {
  const names: string[] = []
  for (const entry of await readdir(modules, { withFileTypes: true })) {
    if (!entry.isDirectory() || entry.name.startsWith('.')) continue
    if (!entry.name.startsWith('@')) names.push(entry.name)
    else for (const inner of await readdir(join(modules, entry.name))) names.push(`${entry.name}/${inner}`)
  }
  return names
}

async function readManifest(path: string): Promise<Partial<Manifest>> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Partial<Manifest>
  } catch {
    // A link of the store to one of the project's own packages leads nowhere there.
    return {}
  }
}
