import { Type } from 'typebox'
import { Value } from 'typebox/value'
import type { ReleaseId } from '../core/index.ts'

/** What a change of kind `release` does: it brings this release of a service to everyone, a little at a time. */
export type ReleasePlan = {
  readonly service: string
  readonly release: ReleaseId
  /** What runs while it goes out, and what back goes back to. */
  readonly before: ReleaseId
  /** Of both artefacts: another digest makes the proof stale. */
  readonly digest: string
  /** Changes of kind `migration` that must be out before it. */
  readonly needs: readonly string[]
}

/** How a release is started and told from a broken one. It belongs to the release: another release may start otherwise. */
export type StartSettings = {
  /** Program and arguments, run in the release's own folder, such as `['node', 'server.ts']`. It listens on `PORT` of loopback. */
  readonly command: readonly string[]
  /** Added to the environment, after that of the host. */
  readonly environment: Readonly<Record<string, string>>
  /** Path that answers 2xx when it may get requests. */
  readonly health: string
  /** Paths that must answer below 500 before it gets requests. */
  readonly smoke: readonly string[]
  /** How long it may take until its health answers, ms. */
  readonly readyWithinMs: number
  /** How long it may take to end after SIGTERM, ms. */
  readonly stopWithinMs: number
}

/** `sankofa-release.json` in a release's folder: what it is, and where it came from. */
export type Manifest = {
  readonly format: 1
  readonly service: string
  readonly release: ReleaseId
  /** SHA-256 of the shipped files, without `node_modules`, and of the lock file's key. */
  readonly digest: string
  readonly source: {
    readonly kind: 'git' | 'directory' | 'tarball'
    /** The ref, folder or file as it was named. */
    readonly from: string
    readonly commit?: string
    readonly title?: string
    readonly author?: string
  }
  /** ISO 8601. */
  readonly madeAt: string
  readonly madeBy: string
  /** `process.versions.node` and `platform-arch` that its dependencies were installed for. */
  readonly node: string
  readonly platform: string
  readonly start: StartSettings
}

const text = Type.String({ minLength: 1 })
const written = Type.Object({
  format: Type.Literal(1),
  service: text,
  release: text,
  digest: text,
  source: Type.Object({
    kind: Type.Union([Type.Literal('git'), Type.Literal('directory'), Type.Literal('tarball')]),
    from: Type.String(),
    commit: Type.Optional(Type.String()),
    title: Type.Optional(Type.String()),
    author: Type.Optional(Type.String()),
  }),
  madeAt: text,
  madeBy: Type.String(),
  node: text,
  platform: text,
  start: Type.Object({
    command: Type.Array(Type.String(), { minItems: 1 }),
    environment: Type.Record(Type.String(), Type.String()),
    health: Type.String({ pattern: '^/' }),
    smoke: Type.Array(Type.String({ pattern: '^/' })),
    readyWithinMs: Type.Integer({ minimum: 100 }),
    stopWithinMs: Type.Integer({ minimum: 0 }),
  }),
})

/** @returns the manifest, or `undefined` when `value` is not one, for instance of a later format */
export function parseManifest(value: unknown): Manifest | undefined {
  return Value.Check(written, value) ? ({ ...value, release: value.release as ReleaseId } as Manifest) : undefined
}
