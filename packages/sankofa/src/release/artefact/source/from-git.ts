import { SankofaError } from '../../../core/index.ts'
import { runCommand, streamCommand } from '../run-command.ts'
import { unpackTar } from '../tar/unpack-tar.ts'
import { type Gathered, nameOf, type Source } from './source.ts'

type GitSource = Extract<Source, { kind: 'git' }>

export type Commit = { readonly id: string; readonly title: string; readonly author: string }

/** @throws SankofaError `RELEASE_SOURCE_WRONG` */
export async function findCommit(source: GitSource, signal?: AbortSignal): Promise<Commit> {
  const options = { doing: 'reading the repository', cwd: source.repository, signal, answers: [0, 128] }
  const wrong = (reason: string, next: string): SankofaError =>
    new SankofaError('RELEASE_SOURCE_WRONG', { source: nameOf(source), reason, next })
  const inside = await runCommand(['git', 'rev-parse', '--git-dir'], options)
  if (inside.code !== 0) throw wrong('this is no git repository', 'Name its folder, or ship the directory itself.')
  const command = [
    'git',
    'log',
    '-1',
    '--no-show-signature',
    '--format=%H%x00%s%x00%an',
    '--end-of-options',
    source.ref,
    '--',
  ]
  const found = await runCommand(command, options)
  const [id = '', title = '', author = ''] = found.output.trimEnd().split('\0')
  if (found.code !== 0 || !/^[0-9a-f]{40,64}$/.test(id))
    throw wrong('there is no such commit, branch or tag', 'Run "git fetch", or name another one.')
  return { id, title, author }
}

/** The files of the commit as `git archive` gives them: what is committed below that folder, nothing else. */
export async function gatherFromGit(
  source: GitSource,
  commit: Commit,
  folder: string,
  signal?: AbortSignal,
): Promise<Gathered> {
  const options = { doing: 'reading the commit', cwd: source.repository, signal }
  const { leftOut } = await streamCommand(
    ['git', '-c', 'tar.umask=022', 'archive', '--format=tar', commit.id],
    options,
    (output) => unpackTar(output, folder, { source: nameOf(source), strip: false }),
  )
  const warnings = [
    ...(await uncommitted(source, commit, signal)),
    ...(await submodules(source, commit, signal)),
    ...(leftOut > 0 ? [`${leftOut} committed files below node_modules are not shipped; they are installed`] : []),
  ]
  return {
    source: { kind: 'git', from: source.ref, commit: commit.id, title: commit.title, author: commit.author },
    warnings,
  }
}

async function uncommitted(source: GitSource, commit: Commit, signal?: AbortSignal): Promise<readonly string[]> {
  const options = { doing: 'looking for uncommitted changes', cwd: source.repository, signal, answers: [0, 128] }
  const head = await runCommand(['git', 'rev-parse', '--verify', 'HEAD'], options)
  if (head.output.trim() !== commit.id) return []
  // Without a work tree there is nothing uncommitted: git ends with 128.
  const status = await runCommand(['git', 'status', '--porcelain', '-z', '--no-renames', '--', '.'], options)
  const paths = status.output.split('\0').filter((entry) => entry !== '')
  if (status.code !== 0 || paths.length === 0) return []
  const named = paths.slice(0, 5).map((entry) => entry.slice(3))
  const more = paths.length > named.length ? ` and ${paths.length - named.length} more` : ''
  return [`not committed, so not shipped: ${named.join(', ')}${more}`]
}

async function submodules(source: GitSource, commit: Commit, signal?: AbortSignal): Promise<readonly string[]> {
  const tree = await runCommand(['git', 'ls-tree', '-r', '-z', '--format=%(objectmode) %(path)', commit.id], {
    doing: 'looking for submodules',
    cwd: source.repository,
    signal,
  })
  const found = tree.output.split('\0').filter((line) => line.startsWith('160000 '))
  if (found.length === 0) return []
  return [`git archive leaves submodules out, so not shipped: ${found.map((line) => line.slice(7)).join(', ')}`]
}
