import { posix } from 'node:path'

const folders: ReadonlySet<string> = new Set(['migrations', 'migrate', 'migration', 'drizzle'])
const extensions = /\.(?:sql|[cm]?[jt]s)$/

/**
 * The migration that a file belongs to: the folder or file right below a folder of migrations. `undefined` for all else.
 *
 * @param known - folders of migrations; by their usual names unless given
 */
export function migrationOf(path: string, known?: readonly string[]): string | undefined {
  if (known !== undefined) {
    const folder = known.map((each) => posix.normalize(`${each}/`)).find((each) => path.startsWith(each))
    return folder === undefined ? undefined : unit(path, folder.split('/').length - 1)
  }
  const segments = path.split('/')
  const at = segments.slice(0, -1).findIndex((segment) => folders.has(segment))
  if (at < 0 || /\.(?:test|spec)\.[cm]?[jt]s$/.test(path)) return undefined
  const found = unit(path, at + 1)
  // Code may live in a folder of that name, too: a migration begins with a number, a time or a version.
  return found !== undefined && /^(?:v|V|R)?\d/.test(posix.basename(found)) ? found : undefined
}

/** `0042_name/up.sql` and `0042_name.up.sql` with `0042_name.down.sql` are one each. */
function unit(path: string, depth: number): string | undefined {
  const segments = path.split('/')
  const name = segments[depth]
  if (name === undefined) return undefined
  const isFolder = segments.length > depth + 1
  if (!isFolder && !extensions.test(name)) return undefined
  const bare = isFolder ? name : name.replace(extensions, '').replace(/[._-](?:up|down|undo|do)$/, '')
  return [...segments.slice(0, depth), bare].join('/')
}
