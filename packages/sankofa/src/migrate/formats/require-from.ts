import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** Loads a package as the project's own files would. */
export async function importFrom(root: string, name: string): Promise<Readonly<Record<string, unknown>>> {
  const path = createRequire(join(root, 'package.json')).resolve(name)
  return import(pathToFileURL(path).href)
}

/** The package as CommonJS sees it: what a module `require`s inside of it is the same object. */
export const requireFrom = (root: string, name: string): unknown => createRequire(join(root, 'package.json'))(name)
