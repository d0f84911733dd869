import { readFile } from 'node:fs/promises'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import type { ReleaseId } from '../../core/index.ts'
import { writeDurably } from './durable-file.ts'
import type { ProcessIdentity } from './process-identity.ts'

/** One process of a release as the keeper means it to be, written before each act and after it. */
export type InstanceRecord = {
  /** In the environment of the process, so that it is found when the keeper dies before it knows the number. */
  readonly tag: string
  readonly release: ReleaseId
  readonly purpose: 'serve' | 'rehearse'
  readonly port: number
  readonly phase: 'starting' | 'ready' | 'stopping'
  /** Absent from before the start until its number is known. */
  readonly process?: ProcessIdentity
  readonly restarts: number
  readonly startedInMs?: number
}

export type HostFile = {
  /** `damaged`: what is there cannot be believed, so only a look at the processes tells what lives. */
  read(): Promise<{ readonly records: readonly InstanceRecord[]; readonly damaged: boolean }>
  /** Resolves when it is on the disk. */
  put(record: InstanceRecord): Promise<void>
  remove(tag: string): Promise<void>
  knows(tag: string): boolean
}

const written = Type.Object({
  format: Type.Literal(1),
  instances: Type.Array(
    Type.Object({
      tag: Type.String({ minLength: 1 }),
      release: Type.String({ minLength: 1 }),
      purpose: Type.Union([Type.Literal('serve'), Type.Literal('rehearse')]),
      port: Type.Integer({ minimum: 1, maximum: 65535 }),
      phase: Type.Union([Type.Literal('starting'), Type.Literal('ready'), Type.Literal('stopping')]),
      process: Type.Optional(Type.Object({ pid: Type.Integer({ minimum: 2 }), started: Type.String() })),
      restarts: Type.Integer({ minimum: 0 }),
      startedInMs: Type.Optional(Type.Number()),
    }),
  ),
})

export function openHostFile(path: string, moment?: (name: 'written' | 'renamed') => Promise<void>): HostFile {
  const records = new Map<string, InstanceRecord>()
  let last: Promise<void> = Promise.resolve()
  const write = (): Promise<void> => {
    const next = last.then(async () => {
      const text = `${JSON.stringify({ format: 1, instances: [...records.values()] }, null, 2)}\n`
      await writeDurably(path, text, moment)
    })
    last = next.catch(() => {})
    return next
  }
  return {
    async read() {
      const found = await readRecords(path)
      records.clear()
      for (const record of found ?? []) records.set(record.tag, record)
      return { records: found ?? [], damaged: found === undefined }
    },
    put(record) {
      records.set(record.tag, record)
      return write()
    },
    remove(tag) {
      return records.delete(tag) ? write() : last
    },
    knows: (tag) => records.has(tag),
  }
}

/** `undefined`: damaged. No file is no records. */
async function readRecords(path: string): Promise<readonly InstanceRecord[] | undefined> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
  try {
    const value: unknown = JSON.parse(text)
    if (!Value.Check(written, value)) return undefined
    return value.instances.map((each) => ({ ...each, release: each.release as ReleaseId }))
  } catch {
    return undefined
  }
}
