import { SankofaError } from '../../core/index.ts'

const ofTheDisk: ReadonlySet<string> = new Set([
  'ENOSPC',
  'EDQUOT',
  'EFBIG',
  'EROFS',
  'EACCES',
  'EPERM',
  'ENOTDIR',
  'EISDIR',
  'EEXIST',
  'EIO',
  'EMFILE',
  'ENAMETOOLONG',
])

/** What the disk refused, in words that say where; every other error as it is. */
export function toUnwritable(error: unknown, doing: string, path: string): unknown {
  const { code, path: at } = error as NodeJS.ErrnoException
  if (!(error instanceof Error) || error instanceof SankofaError || code === undefined || !ofTheDisk.has(code))
    return error
  return new SankofaError('RELEASE_UNWRITABLE', { doing, path: at ?? path, reason: error.message }, { cause: error })
}
