import { createJiti } from 'jiti'

/**
 * Loads a module of the project, JavaScript or TypeScript, ESM or CommonJS. TypeScript is compiled, not merely stripped:
 * migrations of TypeORM import interfaces as if they were values.
 *
 * @param fresh - read again although it was loaded before: what the file says now counts
 */
export async function loadProjectModule(path: string, fresh = true): Promise<Readonly<Record<string, unknown>>> {
  const jiti = createJiti(path, { interopDefault: false, fsCache: false, moduleCache: !fresh })
  const loaded: unknown = await jiti.import(path)
  return typeof loaded === 'object' && loaded !== null ? { ...loaded } : { default: loaded }
}
