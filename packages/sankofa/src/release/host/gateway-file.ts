import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import { writeDurably } from './durable-file.ts'
import type { ProcessIdentity } from './process-identity.ts'
import { taggedProcesses } from './tagged-processes.ts'

/** One gateway process, written before each act and after it. */
export type GatewayRecord = {
  readonly tag: string
  readonly phase: 'starting' | 'ready' | 'draining'
  readonly process?: ProcessIdentity
}

const written = Type.Object({
  format: Type.Literal(1),
  gateways: Type.Array(
    Type.Object({
      tag: Type.String({ pattern: '^gateway-[0-9a-f]+$' }),
      phase: Type.Union([Type.Literal('starting'), Type.Literal('ready'), Type.Literal('draining')]),
      process: Type.Optional(Type.Object({ pid: Type.Integer({ minimum: 2 }), started: Type.String() })),
    }),
  ),
})

export const gatewayFile = (root: string): string => join(root, 'gateway.json')

/** What the file says and what really runs, together: neither is complete after a crash. */
export async function knownGateways(root: string): Promise<readonly GatewayRecord[]> {
  const found = taggedProcesses(root).filter((each) => each.leads && each.tag.startsWith('gateway-'))
  const written = await readGateways(root)
  const completed = written.map((record) => {
    const process = record.process ?? found.find((each) => each.tag === record.tag)?.process
    return process === undefined ? record : { ...record, process }
  })
  const unwritten = found
    .filter(({ tag }) => !written.some((record) => record.tag === tag))
    .map(({ tag, process }) => ({ tag, process, phase: 'starting' as const }))
  return [...completed, ...unwritten]
}

/** @returns none when there is no such file, or one that cannot be believed: then the processes themselves tell */
async function readGateways(root: string): Promise<readonly GatewayRecord[]> {
  try {
    const value: unknown = JSON.parse(await readFile(gatewayFile(root), 'utf8'))
    return Value.Check(written, value) ? value.gateways : []
  } catch {
    return []
  }
}

export const writeGateways = (root: string, gateways: readonly GatewayRecord[]): Promise<void> =>
  writeDurably(gatewayFile(root), `${JSON.stringify({ format: 1, gateways }, null, 2)}\n`)
