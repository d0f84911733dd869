import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { SankofaError } from '../../../core/index.ts'
import { gunzipped } from '../tar/gunzipped.ts'
import { unpackTar } from '../tar/unpack-tar.ts'
import { type Gathered, nameOf, type Source } from './source.ts'

export async function gatherFromTarball(
  source: Extract<Source, { kind: 'tarball' }>,
  folder: string,
  signal?: AbortSignal,
): Promise<Gathered> {
  const isFile = await stat(source.path).then(
    (found) => found.isFile(),
    () => false,
  )
  if (!isFile)
    throw new SankofaError('RELEASE_SOURCE_WRONG', {
      source: nameOf(source),
      reason: 'there is no such file',
      next: 'Name a .tar, .tar.gz or .tgz file.',
    })
  const packed = createReadStream(source.path, { ...(signal === undefined ? {} : { signal }) })
  const { leftOut } = await unpackTar(gunzipped(packed), folder, { source: nameOf(source), strip: true })
  return {
    source: { kind: 'tarball', from: source.path },
    warnings: leftOut > 0 ? [`${leftOut} packed files below node_modules are not shipped; they are installed`] : [],
  }
}
