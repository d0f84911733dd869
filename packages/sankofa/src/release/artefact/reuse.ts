import { createHash } from 'node:crypto'
import { lstat } from 'node:fs/promises'
import type { ReleaseId } from '../../core/index.ts'
import type { Layout } from '../layout.ts'
import type { Manifest } from '../release.ts'
import type { MakingSettings } from './finish-release.ts'
import { readWhole } from './read-release.ts'
import type { DoneStep } from './steps.ts'

export type MadeRelease = {
  readonly manifest: Manifest
  /** Of its folder. */
  readonly path: string
  /** It had been made before. */
  readonly reused: boolean
  readonly steps: readonly DoneStep[]
  /** What a person should know, such as uncommitted changes that were not shipped. */
  readonly warnings: readonly string[]
}

/**
 * The release that was made of this before, or the id under which it is to be made: `base` is taken when something else than
 * its content differs, such as how it is started.
 */
export async function reusable(
  layout: Layout,
  base: ReleaseId,
  settings: MakingSettings,
): Promise<{ readonly id: ReleaseId; readonly path: string; readonly manifest?: Manifest }> {
  const wanted = canonical(settings)
  const other = `${base}.s${createHash('sha256').update(wanted).digest('hex').slice(0, 6)}` as ReleaseId
  for (const id of [base, other]) {
    const path = layout.release(id)
    const isThere = await lstat(path).then(
      () => true,
      () => false,
    )
    if (!isThere) return { id, path }
    const { manifest, settings: found } = await readWhole(layout, id)
    if (canonical(found) === wanted || id === other) return { id, path, manifest }
  }
  return { id: other, path: layout.release(other) }
}

/** The same text whatever order the keys were written in. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  )
}
