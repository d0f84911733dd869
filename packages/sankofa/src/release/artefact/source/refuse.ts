import { SankofaError } from '../../../core/index.ts'

/** @throws SankofaError `RELEASE_FILES_REFUSED` when there are any */
export function refuse(source: string, problems: readonly string[]): void {
  if (problems.length === 0) return
  const files = [...problems].sort().slice(0, 10)
  throw new SankofaError('RELEASE_FILES_REFUSED', { source, files, more: problems.length - files.length })
}
