import type { Manifest } from '../../release.ts'

export type Source =
  | {
      readonly kind: 'git'
      readonly repository: string
      readonly ref: string
      /** A unified diff, applied on top, such as a fix in a hurry. */
      readonly patch?: string
    }
  | { readonly kind: 'directory'; readonly path: string; readonly patch?: string }
  | { readonly kind: 'tarball'; readonly path: string }

/** What became of a source: its files lie in the folder that was given. */
export type Gathered = {
  readonly source: Manifest['source']
  /** What a person should know, such as uncommitted changes that are not shipped. */
  readonly warnings: readonly string[]
}

/** How a source is named in texts. */
export function nameOf(source: Source): string {
  switch (source.kind) {
    case 'git':
      return `${source.ref} of ${source.repository}`
    case 'directory':
    case 'tarball':
      return source.path
    default:
      return source satisfies never
  }
}
