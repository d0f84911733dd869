import type pg from 'pg'
import type { ReleaseId } from '../../core/index.ts'
import { type Manifest, parseManifest } from '../release.ts'

/** A release as everybody can look it up, also where its files are not. */
export type Registered = {
  readonly manifest: Manifest
  /** Beside the one that ran when it was shipped. */
  readonly size: unknown
  readonly news: unknown
}

/** The same release again replaces what is known of it. */
export async function registerRelease(client: Pick<pg.Pool, 'query'>, registered: Registered): Promise<void> {
  const { manifest, size, news } = registered
  await client.query(
    `insert into sankofa.release as release (service, release_id, manifest, size, news)
     values ($1, $2, $3::jsonb, $4::jsonb, $5::jsonb)
     on conflict (service, release_id) do update
        set manifest = excluded.manifest, size = coalesce(excluded.size, release.size), news = coalesce(excluded.news, release.news)`,
    [manifest.service, manifest.release, JSON.stringify(manifest), toText(size), toText(news)],
  )
}

const toText = (value: unknown): string | null => (value === undefined ? null : JSON.stringify(value))

export async function findRelease(
  client: Pick<pg.Pool, 'query'>,
  service: string,
  release: ReleaseId,
): Promise<Registered | undefined> {
  return (await read(client, service, release))[0]
}

/** Newest first. */
export const readReleases = (client: Pick<pg.Pool, 'query'>, service: string): Promise<readonly Registered[]> =>
  read(client, service, undefined)

async function read(
  client: Pick<pg.Pool, 'query'>,
  service: string,
  release: ReleaseId | undefined,
): Promise<readonly Registered[]> {
  const { rows } = await client.query<{ manifest: unknown; size: unknown; news: unknown }>(
    `select release.manifest, release.size, release.news
       from sankofa.release as release
      where release.service = $1 and ($2::text is null or release.release_id = $2)
      order by release.made_at desc`,
    [service, release ?? null],
  )
  return rows.flatMap(({ manifest, size, news }) => {
    const parsed = parseManifest(manifest)
    return parsed === undefined ? [] : [{ manifest: parsed, size: size ?? undefined, news: news ?? undefined }]
  })
}
