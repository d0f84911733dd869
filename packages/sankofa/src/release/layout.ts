import { join } from 'node:path'
import type { ReleaseId } from '../core/index.ts'

/** Where a host keeps the releases of one service. Everything is below `root`; a release runs from its real path. */
export type Layout = {
  readonly root: string
  readonly releases: string
  /** Installed dependencies, a folder for each lock file, Node and platform. */
  readonly store: string
  /** What releases share and none owns, such as uploads; its path is `SANKOFA_SHARED` of every release. */
  readonly shared: string
  /** A link to the folder of the release that everybody gets; for people and scripts, nothing is started through it. */
  readonly current: string
  readonly logs: string
  /** What the host's keeper knows of its processes, written before it acts. */
  readonly hostFile: string
  /** The gateway's runtime socket. Short on purpose: a socket's path has at most 107 bytes. */
  readonly gatewaySocket: string
  release(id: ReleaseId): string
  /** While it is being made; renamed when it is whole. */
  part(id: ReleaseId): string
}

export const manifestFile = 'sankofa-release.json'

export function layoutOf(root: string): Layout {
  const releases = join(root, 'releases')
  return {
    root,
    releases,
    store: join(root, 'store'),
    shared: join(root, 'shared'),
    current: join(root, 'current'),
    logs: join(root, 'logs'),
    hostFile: join(root, 'host.json'),
    gatewaySocket: join(root, 'gateway.sock'),
    release: (id) => join(releases, id),
    part: (id) => join(releases, `${id}.part`),
  }
}
