import type pg from 'pg'
import { parseManifest } from '../../release/index.ts'
import type { ReleaseSummary } from './contract.ts'
import { readNews, readSize } from './size-and-news.ts'

/** Two more than are listed: what everybody gets and what goes out are shown by themselves. */
const mostRead = 22
export const mostMade = 20
const listedOf = { running: { groups: 24, commits: 12 }, made: { groups: 6, commits: 4 } } as const

/** What was made of each service, newest first, and in any case what runs. */
export async function readMade(pool: Pick<pg.Pool, 'query'>): Promise<ReadonlyMap<string, readonly ReleaseSummary[]>> {
  const { rows } = await pool.query<{
    service: string
    release_id: string
    manifest: unknown
    size: unknown
    news: unknown
    runs: boolean
  }>(
    `select made.service, made.release_id, made.manifest, made.size, made.news,
            coalesce(made.release_id in (split.current_release, split.next_release), false) as runs
       from (select release.*, row_number() over (partition by release.service order by release.made_at desc) as nth
               from sankofa.release as release) as made
       left join sankofa.release_split as split on split.service = made.service
      where made.nth <= $1 or made.release_id in (split.current_release, split.next_release)
      order by made.service, made.nth`,
    [mostRead],
  )
  const made = new Map<string, ReleaseSummary[]>()
  for (const { service, release_id, manifest, size, news, runs } of rows) {
    const summary = { ...summaryOf(release_id, manifest), size: readSize(size) }
    const listed = readNews(news, runs ? listedOf.running : listedOf.made)
    made.set(service, [...(made.get(service) ?? []), { ...summary, news: listed }])
  }
  return made
}

/** Of a release that nobody registered, or whose manifest is of a later format, only its name is known. */
export function summaryOf(release: string, manifest?: unknown): ReleaseSummary {
  const known = parseManifest(manifest)
  return {
    release,
    title: known?.source.title ?? null,
    author: known?.source.author ?? null,
    madeAt: known?.madeAt ?? null,
    madeBy: known?.madeBy ?? null,
    from: known?.source.from ?? null,
    size: null,
    news: null,
  }
}
