import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { SankofaError } from '../../core/index.ts'
import { identityOf, isAlive, type ProcessIdentity } from '../process-identity.ts'
import { endGroup } from '../run-command.ts'
import { gitIn } from './git.ts'

/** Whose a worktree is, beside it on disk: what a killed run left behind can be told from one that is at work. */
type Owner = {
  /** The common git directory. */
  readonly repository: string
  readonly owner: ProcessIdentity
  /** The program that runs in it. */
  readonly runs?: ProcessIdentity
}

export type Worktree = {
  readonly path: string
  /** To be told of each program that is started in it. */
  onStart(pid: number): void
  remove(): Promise<void>
}

const prefix = 'sankofa-update-'
const ownerFile = 'owner.json'

/** A tree of its own for a commit. Outside of the project: inside, its modules would be found where the tree has none. */
export async function makeWorktree(repository: string, commit: string, signal?: AbortSignal): Promise<Worktree> {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), prefix))
  const path = join(folder, 'tree')
  const own: Owner = { repository: await commonDirectory(repository), owner: identityOf(process.pid) }
  const write = (value: Owner): void => writeFileSync(join(folder, ownerFile), JSON.stringify(value))
  write(own)
  const remove = (): Promise<void> => removeFolder(repository, folder)
  try {
    await gitIn(repository, signal)('worktree', 'add', '--quiet', '--detach', path, commit)
  } catch (error) {
    await remove()
    throw error
  }
  return { path, onStart: (pid) => write({ ...own, runs: identityOf(pid) }), remove }
}

/**
 * Removes what runs that were killed left behind, their programs too.
 *
 * @returns the folders that were removed
 * @throws SankofaError `UPDATE_REFUSED` while another run is at work on this repository
 */
export async function removeLeftBehind(repository: string): Promise<readonly string[]> {
  const common = await commonDirectory(repository)
  const removed: string[] = []
  for (const folder of await foldersOf(repository)) {
    const own = readOwner(folder)
    if (own?.repository !== common) continue
    if (isAlive(own.owner)) {
      throw new SankofaError('UPDATE_REFUSED', {
        reason: `another run (process ${own.owner.pid}) is at work in ${folder}.`,
        next: 'Wait until it ends, or end it.',
      })
    }
    if (own.runs !== undefined && isAlive(own.runs)) await endGroup(own.runs.pid)
    endProcessesIn(folder)
    await removeFolder(repository, folder)
    removed.push(folder)
  }
  await gitIn(repository)('worktree', 'prune')
  return removed
}

async function commonDirectory(repository: string): Promise<string> {
  return realpathSync(await gitIn(repository)('rev-parse', '--path-format=absolute', '--git-common-dir'))
}

/** Those in the folder for temporary files, and those that git knows: the folder may have been another one then. */
async function foldersOf(repository: string): Promise<readonly string[]> {
  const temporary = realpathSync(tmpdir())
  const here = readdirSync(temporary).map((name) => join(temporary, name))
  const listed = (await gitIn(repository)('worktree', 'list', '--porcelain'))
    .split('\n')
    .filter((line) => line.startsWith('worktree '))
    .map((line) => dirname(line.slice('worktree '.length)))
  return [...new Set([...here, ...listed])].filter((folder) => basename(folder).startsWith(prefix))
}

function readOwner(folder: string): Owner | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, ownerFile), 'utf8')) as Owner
  } catch {
    return undefined
  }
}

async function removeFolder(repository: string, folder: string): Promise<void> {
  const path = join(folder, 'tree')
  // Git refuses what is half made; its record of a tree that is gone is pruned.
  rmSync(path, { recursive: true, force: true, maxRetries: 3 })
  await gitIn(repository)('worktree', 'prune')
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
}

/** What outlived its parent and works in the folder. Known on Linux only; elsewhere the recorded group is all there is. */
function endProcessesIn(folder: string): void {
  if (!existsSync('/proc/self/cwd')) return
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      if (readlinkSync(`/proc/${pid}/cwd`).startsWith(`${folder}/`)) process.kill(Number(pid), 'SIGKILL')
    } catch {
      // Gone by now, or somebody else's.
    }
  }
}
