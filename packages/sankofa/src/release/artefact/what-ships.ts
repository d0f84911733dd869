import { posix } from 'node:path'

/** Folders that are never part of a release, wherever they are: installed, not written, or about this host. */
export const leftOutFolders = ['node_modules', '.git', '.sankofa'] as const

const leftOut: ReadonlySet<string> = new Set(leftOutFolders)

/** `path` has forward slashes and is relative to the release. */
export const ships = (path: string): boolean => !path.split('/').some((segment) => leftOut.has(segment))

/** Why a path may not be made below a release's folder; `undefined` when it may. */
export function pathProblem(path: string): string | undefined {
  if (path === '' || path.includes('\0')) return 'has no usable name'
  if (path.startsWith('/') || /^[a-z]:/i.test(path)) return 'is an absolute path'
  if (path.includes('\\') && process.platform === 'win32') return 'has backslashes'
  if (path.split('/').includes('..')) return 'leads out of the folder by ".."'
  return undefined
}

/**
 * Why a link may not be in a release; `undefined` when it may. Only `../` at the front, then plain names: such a target is
 * below the release by its letters alone, and where it passes other links of the release, those are checked by the same rule.
 */
export function linkProblem(path: string, target: string): string | undefined {
  if (target === '' || target.startsWith('/') || /^[a-z]:/i.test(target)) return `links to ${target}, an absolute path`
  const plain = target.replace(/^(?:\.\.\/|\.\/)*/, '')
  if (plain !== '..' && plain.split('/').includes('..')) return `links to ${target}, with ".." behind a name`
  const inside = posix.normalize(posix.join(posix.dirname(path), target))
  return inside === '..' || inside.startsWith('../') ? `links to ${target}, outside of it` : undefined
}
