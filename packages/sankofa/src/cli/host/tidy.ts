import type { ReleaseId } from '../../core/index.ts'
import type { FlagClient } from '../../flags/index.ts'
import { type Keeper, type Layout, pointCurrent, pruneReleases } from '../../release/index.ts'

/** Points `current` at what everybody gets, and forgets old releases once another has become that. */
export function createTidying(parts: {
  readonly layout: Layout
  readonly flagClient: Pick<FlagClient, 'releases'>
  readonly service: string
  readonly keeper: Pick<Keeper, 'reports'>
  readonly keep: number
}): () => Promise<void> {
  const { layout, flagClient, service, keeper, keep } = parts
  let pruned: string | undefined
  return async () => {
    const split = flagClient.releases().find((one) => one.service === service)
    if (split === undefined) return
    await pointCurrent(layout, split.current as ReleaseId)
    if (split.next !== undefined || pruned === split.current) return
    const inUse = [split.current as ReleaseId, ...keeper.reports().map(({ release }) => release)]
    await pruneReleases(layout, { keep, inUse })
    pruned = split.current
  }
}
