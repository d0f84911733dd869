import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { runCommand } from '../run-command.ts'

export type PublishedVersion = {
  readonly name: string
  readonly version: string
  readonly publishedAt: Date
  readonly files?: Readonly<Record<string, string>>
  /** Further fields of its package.json, such as peers. */
  readonly manifest?: Readonly<Record<string, unknown>>
}

export type PublishedAdvisory = {
  readonly name: string
  readonly id: number
  readonly url: string
  readonly title: string
  readonly severity: 'low' | 'moderate' | 'high' | 'critical'
  readonly vulnerable_versions: string
}

export type TestRegistry = {
  readonly url: string
  /** What a program needs to use this registry, a cache of its own and nothing of this machine. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly asked: readonly string[]
  close(): Promise<void>
}

type Packed = { readonly manifest: { readonly version: string }; readonly tarball: Buffer; readonly publishedAt: Date }

/** A registry on loopback that serves packages packed by npm itself. `folder` is for its files; the caller removes it. */
export async function startRegistry(
  folder: string,
  options: { readonly packages: readonly PublishedVersion[]; readonly advisories?: readonly PublishedAdvisory[] },
): Promise<TestRegistry> {
  const packages = await pack(folder, options.packages)
  const asked: string[] = []
  const answer = (path: string, body: string): unknown => {
    const name = packages.has(path.slice(1)) ? path.slice(1) : undefined
    if (name !== undefined) return packument(url, name, packages.get(name) ?? [])
    if (path !== '/-/npm/v1/security/advisories/bulk' || options.advisories === undefined) return undefined
    const installed = JSON.parse(body) as Record<string, readonly string[]>
    const found = options.advisories.filter((one) => installed[one.name] !== undefined)
    return Object.groupBy(found, (one) => one.name)
  }
  const server = createServer((request, response) => {
    void serve(request, response).catch(() => response.writeHead(500).end())
  })
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://x').pathname)
    asked.push(`${request.method} ${path}`)
    const tarball = tarballOf(packages, path)
    if (tarball !== undefined) {
      response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(tarball)
      return
    }
    const found = answer(path, await bodyOf(request))
    response.writeHead(found === undefined ? 404 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(found ?? { error: 'not found' }))
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    env: {
      npm_config_registry: `${url}/`,
      npm_config_cache: join(folder, 'cache'),
      npm_config_userconfig: join(folder, 'no-npmrc'),
      npm_config_globalconfig: join(folder, 'no-global-npmrc'),
      npm_config_update_notifier: 'false',
      npm_config_fetch_retries: '0',
      npm_config_nodedir: undefined,
    },
    asked,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function pack(folder: string, versions: readonly PublishedVersion[]): Promise<Map<string, Packed[]>> {
  const sources = versions.map((one) => {
    const directory = join(folder, 'source', one.name, one.version)
    const manifest = { name: one.name, version: one.version, main: 'index.js', ...one.manifest }
    for (const [file, text] of Object.entries({ 'package.json': JSON.stringify(manifest), ...one.files })) {
      mkdirSync(dirname(join(directory, file)), { recursive: true })
      writeFileSync(join(directory, file), text)
    }
    return { ...one, directory, manifest }
  })
  const tarballs = join(folder, 'tarballs')
  mkdirSync(tarballs, { recursive: true })
  if (sources.length > 0) {
    const { code, stderr } = await runCommand(
      ['npm', 'pack', '--pack-destination', tarballs, ...sources.map(({ directory }) => directory)],
      { cwd: folder },
    )
    if (code !== 0) throw new Error(`npm pack failed: ${stderr}`)
  }
  const packed = new Map<string, Packed[]>()
  for (const { name, version, manifest, publishedAt } of sources) {
    const tarball = readFileSync(join(tarballs, `${name.replace('@', '').replace('/', '-')}-${version}.tgz`))
    packed.set(name, [...(packed.get(name) ?? []), { manifest, tarball, publishedAt }])
  }
  return packed
}

function packument(url: string, name: string, versions: readonly Packed[]): unknown {
  const entries = versions.map(({ manifest, tarball, publishedAt }) => ({
    version: manifest.version,
    manifest,
    tarball,
    publishedAt,
  }))
  const dist = (version: string, tarball: Buffer) => ({
    tarball: `${url}/${name}/-/${version}.tgz`,
    shasum: createHash('sha1').update(tarball).digest('hex'),
    integrity: `sha512-${createHash('sha512').update(tarball).digest('base64')}`,
  })
  const times = entries.map(({ publishedAt }) => publishedAt.getTime())
  return {
    name,
    'dist-tags': { latest: entries.at(-1)?.version },
    versions: Object.fromEntries(
      entries.map(({ version, manifest, tarball }) => [
        version,
        { ...manifest, _id: `${name}@${version}`, dist: dist(version, tarball) },
      ]),
    ),
    time: {
      created: new Date(Math.min(...times)).toISOString(),
      modified: new Date(Math.max(...times)).toISOString(),
      ...Object.fromEntries(entries.map(({ version, publishedAt }) => [version, publishedAt.toISOString()])),
    },
  }
}

function tarballOf(packages: ReadonlyMap<string, readonly Packed[]>, path: string): Buffer | undefined {
  const [, name = '', version = ''] = /^\/(.+)\/-\/(.+)\.tgz$/.exec(path) ?? []
  return packages.get(name)?.find(({ manifest }) => manifest.version === version)?.tarball
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const body = Buffer.concat(chunks)
  return (request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body).toString('utf8')
}
