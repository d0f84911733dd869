import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'

/** The bytes, unpacked when they begin as gzip does. */
export async function* gunzipped(packed: Readable): AsyncGenerator<Buffer> {
  const chunks = packed[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  let begin = Buffer.alloc(0)
  while (begin.length < 2) {
    const next = await chunks.next()
    if (next.done === true) break
    begin = Buffer.concat([begin, next.value])
  }
  async function* all(): AsyncGenerator<Buffer> {
    if (begin.length > 0) yield begin
    for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) yield next.value
  }
  if (begin[0] !== 0x1f || begin[1] !== 0x8b) {
    yield* all()
    return
  }
  const gunzip = createGunzip()
  const feed = (async () => {
    try {
      for await (const chunk of all()) {
        if (gunzip.destroyed) return
        if (!gunzip.write(chunk)) await new Promise<void>((resolve) => void whenFree(gunzip, resolve))
      }
      gunzip.end()
    } catch (error) {
      gunzip.destroy(error instanceof Error ? error : new Error(String(error)))
    }
  })()
  try {
    for await (const chunk of gunzip) yield chunk as Buffer
  } finally {
    gunzip.destroy()
    packed.destroy()
    await feed
  }
}

function whenFree(stream: NodeJS.WritableStream, go: () => void): void {
  stream.once('drain', go)
  stream.once('close', go)
}
