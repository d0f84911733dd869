import { readFile } from 'node:fs/promises'
import { createJiti } from 'jiti'

/**
 * Loads a module of the project, JavaScript or TypeScript, ESM or CommonJS, as its file is now. TypeScript is compiled,
 * not merely stripped: migrations of TypeORM import interfaces as if they were values. Nothing is written to the disk.
 *
 * @returns its exports; what a CommonJS module exports that is no object is the `default`
 */
export async function loadProjectModule(path: string): Promise<Readonly<Record<string, unknown>>> {
  const jiti = createJiti(path, { interopDefault: false, fsCache: false, moduleCache: false, tsconfigPaths: true })
  // Evaluated from its text, and compiled whatever it is: Node itself keeps what a file said the first time.
  const source = await readFile(path, 'utf8')
  const loaded: unknown = await jiti.evalModule(source, { filename: path, async: true, forceTranspile: true })
  return isRecord(loaded) ? { ...loaded } : { default: loaded }
}

export const isRecord = (found: unknown): found is Readonly<Record<string, unknown>> =>
  typeof found === 'object' && found !== null && !Array.isArray(found)
