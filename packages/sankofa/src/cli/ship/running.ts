import { findRelease, type Manifest, readSplit } from '../../release/index.ts'
import type { Context } from '../context.ts'

/** The release that everybody gets; `undefined` before the first. */
export async function whatRuns({ pool, config }: Pick<Context, 'pool' | 'config'>): Promise<Manifest | undefined> {
  const split = await readSplit(pool, config.service)
  if (split === undefined) return undefined
  return (await findRelease(pool, config.service, split.current))?.manifest
}
