import { type FileHandle, open, readFile } from 'node:fs/promises'

/** One line of the seals file: what the database said at that moment, kept where the database cannot reach. */
export type SealLine = {
  readonly seal: string
  readonly at: string
  readonly belowXid: string
  readonly events: string
  readonly hash: string
}

export type SealRow = {
  readonly id: bigint | string
  readonly at: Date
  readonly below_xid: string
  readonly events: bigint | string
  readonly prev_hash: Buffer | null
  readonly hash: Buffer
}

export const lineOf = (row: SealRow): SealLine => ({
  seal: String(row.id),
  at: row.at.toISOString(),
  belowXid: row.below_xid,
  events: String(row.events),
  hash: row.hash.toString('hex'),
})

// A line has about 200 bytes; the tail is read each second, the file grows by some 17 MB a day at most.
const tailBytes = 4_096

/** The last whole line, and whether a crash cut off what came after it. */
export async function readTail(
  file: string,
): Promise<{ readonly last: SealLine | undefined; readonly cutOff: boolean }> {
  const handle = await openIfThere(file)
  if (handle === undefined) return { last: undefined, cutOff: false }
  try {
    const { size } = await handle.stat()
    const bytes = Buffer.alloc(Math.min(size, tailBytes))
    await handle.read(bytes, 0, bytes.length, size - bytes.length)
    const lines = bytes.toString('utf8').split('\n')
    return {
      last: lines
        .slice(0, -1)
        .map(parseLine)
        .findLast((line) => line !== undefined),
      cutOff: lines.at(-1) !== '',
    }
  } finally {
    await handle.close()
  }
}

/** The seals that were written to `file`; none when it is not there. A line that a crash cut off is left out. */
export async function readSeals(file: string): Promise<readonly SealLine[]> {
  const handle = await openIfThere(file)
  if (handle === undefined) return []
  await handle.close()
  const lines = (await readFile(file, 'utf8')).split('\n').slice(0, -1)
  return lines.map(parseLine).filter((line) => line !== undefined)
}

async function openIfThere(file: string): Promise<FileHandle | undefined> {
  try {
    return await open(file, 'r')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

function parseLine(line: string): SealLine | undefined {
  try {
    const parsed: unknown = JSON.parse(line)
    const whole =
      typeof parsed === 'object' && parsed !== null && 'seal' in parsed && 'hash' in parsed && 'events' in parsed
    return whole ? (parsed as SealLine) : undefined
  } catch {
    return undefined
  }
}
