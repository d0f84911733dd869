import { type Command, runCommand } from '../run-command.ts'
import type { Published } from './choose.ts'
import type { Peers } from './group-peers.ts'

/** npm itself asks: it knows the registry, its scopes, tokens and proxies from the project's and the user's .npmrc. */
export type RegistryOptions = {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly signal?: AbortSignal | undefined
}

/** @returns what is published, or why that could not be read */
export async function readPublished(
  name: string,
  options: RegistryOptions,
): Promise<Published | { readonly unknown: string }> {
  const found = await view([name, 'name', 'versions', 'time', 'dist-tags'], options)
  if ('unknown' in found) return { unknown: String(found.unknown) }
  const { versions, time, 'dist-tags': tags } = found
  const latest = isRecord(tags) ? tags.latest : undefined
  if (typeof latest !== 'string') return { unknown: 'it has no version "latest"' }
  const dates = (isRecord(time) ? time : {}) as Readonly<Record<string, unknown>>
  // npm prints a list of one as its only value.
  const list = (Array.isArray(versions) ? versions : [versions]).filter((one) => typeof one === 'string')
  return {
    name,
    latest,
    versions: list.map((version) => {
      const publishedAt = new Date(String(dates[version]))
      return Number.isNaN(publishedAt.getTime()) ? { version } : { version, publishedAt }
    }),
  }
}

/** What a version needs beside it; optional peers too, because one that is there has to fit. */
export async function readPeers(name: string, version: string, options: RegistryOptions): Promise<Peers> {
  const found = await view([`${name}@${version}`, 'name', 'version', 'peerDependencies'], options)
  const peers = found.peerDependencies
  return isRecord(peers) ? Object.fromEntries(Object.entries(peers).map(([peer, range]) => [peer, String(range)])) : {}
}

async function view(args: readonly string[], { cwd, env = {}, signal }: RegistryOptions): Promise<Answer> {
  const command: Command = ['npm', 'view', '--json', '--loglevel=error', ...args]
  const { code, stdout, stderr } = await runCommand(command, { cwd, env, signal })
  try {
    const found = JSON.parse(stdout) as unknown
    if (code === 0 && isRecord(found)) return found
    if (isRecord(found) && isRecord(found.error)) {
      const { code: name, summary } = found.error
      return {
        unknown: [name, summary]
          .filter((one) => typeof one === 'string')
          .join(': ')
          .slice(0, 200),
      }
    }
  } catch {
    // Said below, in npm's own words.
  }
  return { unknown: stderr.trim().split('\n').at(-1)?.slice(0, 200) || `npm view ended with ${code ?? 'a signal'}` }
}

/** What is read of npm's answers; each is checked where it is used. */
type Answer = Readonly<
  Partial<
    Record<
      'versions' | 'time' | 'dist-tags' | 'latest' | 'peerDependencies' | 'error' | 'code' | 'summary' | 'unknown',
      unknown
    >
  >
>

const isRecord = (value: unknown): value is Answer =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
