/** One entry of a tar stream. Its `content` is to be read before the next entry is asked for; what is left is skipped. */
export type TarEntry = {
  readonly path: string
  readonly type: 'file' | 'link' | 'hard-link' | 'folder' | 'other'
  readonly mode: number
  readonly bytes: number
  readonly target: string
  readonly content: AsyncIterable<Buffer>
}

const block = 512
/** A header of names that is longer than this is no header. */
const maxNamesBytes = 1024 * 1024

const types: Readonly<Record<string, TarEntry['type']>> = {
  '0': 'file',
  '\0': 'file',
  '7': 'file',
  '1': 'hard-link',
  '2': 'link',
  '5': 'folder',
}

/**
 * Reads ustar, pax and GNU long names.
 *
 * @throws Error in words when the bytes are no tar, or end too early
 */
export async function* readTar(bytes: AsyncIterable<Buffer>): AsyncGenerator<TarEntry> {
  const input = takeFrom(bytes)
  try {
    yield* entriesOf(input)
  } finally {
    await input.close()
  }
}

async function* entriesOf(input: Input): AsyncGenerator<TarEntry> {
  let pax: Readonly<Record<string, string>> = {}
  let longPath: string | undefined
  let longTarget: string | undefined
  for (;;) {
    const header = await input.take(block)
    // The end: an empty block, or nothing more at all, as some writers leave it.
    if (header.length === 0 || header.every((byte) => byte === 0)) break
    if (header.length < block) throw new Error('it ends within an entry')
    checkSum(header)
    const bytesOf = pax.size === undefined ? numberAt(header, 124, 12) : Number(pax.size)
    if (!Number.isSafeInteger(bytesOf) || bytesOf < 0) throw new Error('an entry has no size')
    const flag = String.fromCharCode(header[156] ?? 0)
    const padding = (block - (bytesOf % block)) % block
    if (flag === 'x' || flag === 'g' || flag === 'L' || flag === 'K') {
      if (bytesOf > maxNamesBytes) throw new Error('an entry has a name that is too long')
      const text = await input.take(bytesOf)
      await input.skip(padding)
      if (flag === 'x') pax = paxRecords(text)
      if (flag === 'L') longPath = textOf(text)
      if (flag === 'K') longTarget = textOf(text)
      continue
    }
    const isUstar = header.toString('latin1', 257, 262) === 'ustar'
    const prefix = isUstar ? textOf(header.subarray(345, 500)) : ''
    const name = textOf(header.subarray(0, 100))
    const path = pax.path ?? longPath ?? (prefix === '' ? name : `${prefix}/${name}`)
    const type = types[flag] ?? 'other'
    let left = type === 'file' || type === 'other' ? bytesOf : 0
    const size = left
    yield {
      path,
      type: type === 'file' && path.endsWith('/') ? 'folder' : type,
      mode: numberAt(header, 100, 8),
      bytes: size,
      target: pax.linkpath ?? longTarget ?? textOf(header.subarray(157, 257)),
      content: {
        async *[Symbol.asyncIterator]() {
          while (left > 0) {
            const chunk = await input.some(left)
            if (chunk.length === 0) throw new Error(`it ends within ${path}`)
            left -= chunk.length
            yield chunk
          }
        },
      },
    }
    await input.skip(left + (size === 0 ? 0 : padding))
    left = 0
    pax = {}
    longPath = undefined
    longTarget = undefined
  }
  // Read to its end: the program that writes it must not find its reader gone.
  while ((await input.some(1 << 20)).length > 0);
}

type Input = {
  /** That many bytes, fewer only at the end. */
  take(bytes: number): Promise<Buffer>
  /** At least one and at most that many; none at the end. */
  some(atMost: number): Promise<Buffer>
  skip(bytes: number): Promise<void>
  /** Whoever writes is told that nobody reads any more. */
  close(): Promise<void>
}

function takeFrom(bytes: AsyncIterable<Buffer>): Input {
  const chunks = bytes[Symbol.asyncIterator]()
  let rest: Buffer = Buffer.alloc(0)
  const some = async (atMost: number): Promise<Buffer> => {
    while (rest.length === 0) {
      const next = await chunks.next()
      if (next.done === true) return rest
      rest = next.value
    }
    const taken = rest.subarray(0, atMost)
    rest = rest.subarray(taken.length)
    return taken
  }
  const take = async (wanted: number): Promise<Buffer> => {
    const parts: Buffer[] = []
    let missing = wanted
    while (missing > 0) {
      const part = await some(missing)
      if (part.length === 0) break
      parts.push(part)
      missing -= part.length
    }
    return Buffer.concat(parts)
  }
  return {
    some,
    take,
    async skip(wanted) {
      for (let left = wanted; left > 0; ) {
        const part = await some(left)
        if (part.length === 0) throw new Error('it ends within an entry')
        left -= part.length
      }
    },
    async close() {
      await chunks.return?.()
    },
  }
}

function textOf(bytes: Buffer): string {
  const end = bytes.indexOf(0)
  return bytes.toString('utf8', 0, end < 0 ? bytes.length : end)
}

function numberAt(header: Buffer, offset: number, length: number): number {
  const field = header.subarray(offset, offset + length)
  // GNU writes numbers that do not fit as bytes, with the first bit set.
  if (((field[0] ?? 0) & 0x80) !== 0) return field.subarray(1).reduce((sum, byte) => sum * 256 + byte, 0)
  const digits = textOf(field).trim()
  return digits === '' ? 0 : Number.parseInt(digits, 8)
}

function checkSum(header: Buffer): void {
  const sum = header.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 32 : byte), 0)
  if (sum !== numberAt(header, 148, 8)) throw new Error('it is no tar archive, or a damaged one')
}

function paxRecords(text: Buffer): Readonly<Record<string, string>> {
  const records: Record<string, string> = {}
  for (let offset = 0; offset < text.length; ) {
    const space = text.indexOf(32, offset)
    const length = Number.parseInt(text.toString('latin1', offset, space), 10)
    if (space < 0 || !(length > 0) || offset + length > text.length) throw new Error('an entry has damaged names')
    const record = text.toString('utf8', space + 1, offset + length - 1)
    const equals = record.indexOf('=')
    records[record.slice(0, equals)] = record.slice(equals + 1)
    offset += length
  }
  return records
}
