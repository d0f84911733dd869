import { createJiti } from 'jiti'

/**
 * Loads a module of the project, JavaScript or TypeScript, ESM or CommonJS, as its file is now. TypeScript is compiled,
 * not merely stripped: migrations of TypeORM import interfaces as if they were values. Nothing is written to the disk.
 *
 * @returns its exports; what a CommonJS module exports as a whole is the `default`
 */
export async function loadProjectModule(path: string): Promise<Readonly<Record<string, unknown>>> {
  const jiti = createJiti(path, { interopDefault: false, fsCache: false, moduleCache: false, tsconfigPaths: true })
  const loaded: unknown = await jiti.import(path)
  return isRecord(loaded) ? { ...loaded } : { default: loaded }
}

export const isRecord = (found: unknown): found is Readonly<Record<string, unknown>> =>
  typeof found === 'object' && found !== null && !Array.isArray(found)
