import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { SankofaError } from './errors.ts'
import type { ChangeId, ReleaseId } from './names.ts'

const changeIdPattern = /^[a-z0-9][a-z0-9._-]{0,99}$/

/** @throws SankofaError `BAD_CHANGE_ID` */
export function changeId(text: string): ChangeId {
  if (!changeIdPattern.test(text)) throw new SankofaError('BAD_CHANGE_ID', { found: text })
  return text as ChangeId
}

/**
 * What runs in `directory` now.
 *
 * @returns `SANKOFA_RELEASE` when set; else the first 10 hex digits of the commit, with `+` and a hash of the
 * uncommitted difference when there is one; else `unversioned`
 */
export function currentRelease(directory: string, environment: NodeJS.ProcessEnv = process.env): ReleaseId {
  const named = environment.SANKOFA_RELEASE
  if (named !== undefined && named !== '') return named as ReleaseId
  const git = (...args: readonly string[]): string =>
    execFileSync('git', [...args], {
      cwd: directory,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 5_000,
    })
  try {
    const commit = git('rev-parse', 'HEAD').trim().slice(0, 10)
    const dirty = git('status', '--porcelain') === '' ? '' : git('diff', 'HEAD')
    const suffix = dirty === '' ? '' : `+${createHash('sha256').update(dirty).digest('hex').slice(0, 6)}`
    return `${commit}${suffix}` as ReleaseId
  } catch {
    return 'unversioned' as ReleaseId
  }
}
