import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Folder } from './folder.ts'

const requireIn = (root: string) => createRequire(join(root, 'package.json'))

/** Where a package is, as the project's own files would find it. */
export const resolveFrom = (root: string, name: string): string => requireIn(root).resolve(name)

/** Loads a package as the project's own files would. */
export const importFrom = (root: string, name: string): Promise<Readonly<Record<string, unknown>>> =>
  import(pathToFileURL(resolveFrom(root, name)).href)

/** The package as CommonJS sees it: what a module `require`s inside of it is the same object. */
export const requireFrom = (root: string, name: string): unknown => requireIn(root)(name)

/** Notes it as a problem where the package whose migrations these are is not installed: they could not run. */
export function needPackage({ root, problems }: Folder, name: string): void {
  try {
    resolveFrom(root, name)
  } catch {
    problems.push(
      `The package ${name} is not installed in ${root}, and these migrations run with it. Run "npm install" there.`,
    )
  }
}
