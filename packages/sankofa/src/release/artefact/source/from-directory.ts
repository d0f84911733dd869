import { chmod, constants, copyFile, lstat, mkdir, readdir, readlink, symlink } from 'node:fs/promises'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { SankofaError } from '../../../core/index.ts'
import { inParallel } from '../in-parallel.ts'
import { cleanEnvironment, runCommand } from '../run-command.ts'
import { linkProblem, ships } from '../what-ships.ts'
import { refuse } from './refuse.ts'
import { type Gathered, nameOf, type Source } from './source.ts'

type DirectorySource = Extract<Source, { kind: 'directory' }>

/**
 * Copies a folder: what git knows or would add where git can be asked, else everything, without installed modules.
 *
 * @param hostRoot - where the host keeps its releases; it may lie in the folder and is never part of it
 */
export async function gatherFromDirectory(
  source: DirectorySource,
  folder: string,
  options: { readonly hostRoot: string; readonly signal?: AbortSignal | undefined },
): Promise<Gathered> {
  const root = resolve(source.path)
  const isFolder = await lstat(root).then(
    (stat) => stat.isDirectory() || stat.isSymbolicLink(),
    () => false,
  )
  if (!isFolder)
    throw new SankofaError('RELEASE_SOURCE_WRONG', {
      source: nameOf(source),
      reason: 'there is no such folder',
      next: 'Name the folder that holds the service.',
    })
  const host = relative(root, resolve(options.hostRoot)).split(sep).join('/')
  const isOfHost = (path: string): boolean => host !== '' && (path === host || path.startsWith(`${host}/`))
  const listed = (await listedByGit(root, options.signal)) ?? (await walk(root))
  const paths = listed.filter((path) => ships(path) && !isOfHost(path))
  const { problems, warnings } = await copyAll(root, folder, paths)
  refuse(nameOf(source), problems)
  return { source: { kind: 'directory', from: source.path }, warnings }
}

/** `undefined` where git cannot be asked, or where the folder itself is ignored by a repository around it. */
async function listedByGit(root: string, signal: AbortSignal | undefined): Promise<readonly string[] | undefined> {
  const options = {
    doing: 'asking git what belongs to the folder',
    cwd: root,
    signal,
    environment: cleanEnvironment(),
    answers: [0, 1, 128],
  }
  try {
    const ignored = await runCommand(['git', 'check-ignore', '-q', '.'], options)
    if (ignored.code !== 1) return undefined
    const listed = await runCommand(['git', 'ls-files', '-co', '--exclude-standard', '-z'], options)
    const paths = listed.output.split('\0').filter((path) => path !== '')
    return listed.code === 0 && paths.length > 0 ? [...new Set(paths)] : undefined
  } catch (error) {
    signal?.throwIfAborted()
    // No git on this machine.
    if (error instanceof SankofaError) return undefined
    throw error
  }
}

async function walk(root: string, below = ''): Promise<readonly string[]> {
  const paths: string[] = []
  for (const entry of await readdir(join(root, below), { withFileTypes: true })) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`
    if (!ships(path)) continue
    if (entry.isDirectory()) paths.push(...(await walk(root, path)))
    else paths.push(path)
  }
  return paths
}

async function copyAll(
  root: string,
  folder: string,
  paths: readonly string[],
): Promise<{ readonly problems: readonly string[]; readonly warnings: readonly string[] }> {
  const problems: string[] = []
  const submodules: string[] = []
  const copyOne = async (path: string): Promise<void> => {
    const from = join(root, path)
    const to = join(folder, path)
    const stat = await lstat(from).catch((error: NodeJS.ErrnoException) => {
      // Git still lists what was deleted and not committed.
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
      throw error
    })
    if (stat === undefined) return
    if (stat.isSymbolicLink()) {
      const target = await readlink(from)
      const problem = linkProblem(path, target)
      if (problem !== undefined) problems.push(`${path} ${problem}`)
      else await symlink(target, to)
    } else if (stat.isFile()) {
      // A copy is written anew, so that later edits of the folder never reach the release.
      await copyFile(from, to, constants.COPYFILE_FICLONE)
      await chmod(to, (stat.mode & 0o100) === 0 ? 0o644 : 0o755)
    } else if (stat.isDirectory()) submodules.push(path.replace(/\/$/, ''))
    else problems.push(`${path} is neither a file nor a link`)
  }
  for (const each of new Set(paths.map((path) => dirname(path)))) await mkdir(join(folder, each), { recursive: true })
  await inParallel(16, paths, copyOne)
  return {
    problems,
    warnings: submodules.length === 0 ? [] : [`repositories within it are not shipped: ${submodules.join(', ')}`],
  }
}
