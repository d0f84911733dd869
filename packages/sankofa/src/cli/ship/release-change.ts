import { type ChangeId, changeId, type ReleaseId } from '../../core/index.ts'
import { foldChange, type Journal } from '../../journal/index.ts'
import type { Manifest, ReleasePlan } from '../../release/index.ts'
import { changeOfGroup } from '../declared.ts'

/**
 * The change under which a release goes out. One that has settled is history: the same release, shipped again later, gets the
 * next number.
 */
export async function freeChange(
  journal: Pick<Journal, 'read'>,
  release: ReleaseId,
): Promise<{ readonly change: ChangeId; readonly isOut: boolean; readonly lastId: bigint }> {
  for (let number = 1; ; number++) {
    const change = changeId(number === 1 ? `release-${release}` : `release-${release}-${number}`)
    const known = foldChange(await journal.read({ change }))
    if (known?.state === 'settled') continue
    // A deployer that was killed after it had asked: the watcher is at it.
    const isAsked = known?.pending?.want === 'go'
    const isOut = isAsked || known?.state === 'exposed' || known?.state === 'bake'
    return { change, isOut, lastId: known?.lastId ?? 0n }
  }
}

export function proposalOf(
  change: ChangeId,
  of: {
    readonly manifest: Manifest
    readonly running: Manifest
    readonly groups: readonly string[]
    readonly actor: string
  },
) {
  const { manifest, running, groups, actor } = of
  const { service, release, source } = manifest
  const needs = groups.map(changeOfGroup)
  const plan: ReleasePlan = {
    service,
    release,
    before: running.release,
    digest: `${running.digest} ${manifest.digest}`,
    needs,
  }
  return {
    change,
    actor,
    kind: 'release',
    plan,
    title: source.title ?? `Release ${release} from ${source.from}`,
    control: 'subjects',
    dependsOn: needs,
    size: { unit: 'release', n: 1 },
  } as const
}
