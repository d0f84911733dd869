import { createHash } from 'node:crypto'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** What the hash of an event covers, besides the moment and the event before it. */
export type EventContent = {
  readonly type: string
  readonly subject: string
  readonly actor: string
  readonly reference: string | undefined
  readonly amount: bigint | undefined
  readonly currency: string | undefined
  readonly before: Json
  readonly after: Json
  readonly data: Json
  readonly requestId: string | undefined
  readonly release: string | undefined
  readonly exposedTo: readonly string[]
}

/**
 * SHA-256 over typed bytes: each value carries its type and length, keys are sorted. The text of a `jsonb` column would
 * depend on the server's printing; these bytes depend on the values alone.
 */
export function contentDigest(content: EventContent): Buffer {
  const hash = createHash('sha256')
  const write = (bytes: Uint8Array | string): void => {
    hash.update(bytes)
  }
  write('sankofa-event-1')
  for (const text of [content.type, content.subject, content.actor]) writeText(write, text)
  writeOptional(write, content.reference)
  writeOptional(write, content.amount?.toString())
  writeOptional(write, content.currency)
  for (const value of [content.before, content.after, content.data]) writeJson(write, value)
  writeOptional(write, content.requestId)
  writeOptional(write, content.release)
  writeJson(write, content.exposedTo)
  return hash.digest()
}

/** Links an event to the one before it. The database computes the same in SQL, in the statement that writes the event. */
export function chainHash(previous: Buffer | undefined, digest: Buffer, atUs: bigint): Buffer {
  const moment = Buffer.alloc(8)
  moment.writeBigInt64BE(atUs)
  return createHash('sha256')
    .update(previous ?? Buffer.alloc(0))
    .update(digest)
    .update(moment)
    .digest()
}

type Write = (bytes: Uint8Array | string) => void

function writeText(write: Write, text: string): void {
  const bytes = Buffer.from(text, 'utf8')
  write('s')
  write(length(bytes.length))
  write(bytes)
}

function writeOptional(write: Write, text: string | undefined): void {
  if (text === undefined) write('-')
  else writeText(write, text)
}

function writeJson(write: Write, value: Json): void {
  if (value === null) {
    write('n')
  } else if (typeof value === 'boolean') {
    write(value ? 't' : 'f')
  } else if (typeof value === 'string') {
    writeText(write, value)
  } else if (typeof value === 'number') {
    const bytes = Buffer.alloc(8)
    bytes.writeDoubleBE(value)
    write('d')
    write(bytes)
  } else if (isList(value)) {
    write('a')
    write(length(value.length))
    for (const item of value) writeJson(write, item)
  } else {
    const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1))
    write('o')
    write(length(entries.length))
    for (const [key, item] of entries) {
      writeText(write, key)
      writeJson(write, item)
    }
  }
}

const isList = (value: Json): value is readonly Json[] => Array.isArray(value)

function length(n: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(n)
  return bytes
}
