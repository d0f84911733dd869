import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import { writeDurably } from './durable-file.ts'
import type { ProcessIdentity } from './process-identity.ts'

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

/** @returns none when there is no such file, or one that cannot be believed: then the processes themselves tell */
export async function readGateways(root: string): Promise<readonly GatewayRecord[]> {
  try {
    const value: unknown = JSON.parse(await readFile(gatewayFile(root), 'utf8'))
    return Value.Check(written, value) ? value.gateways : []
  } catch {
    return []
  }
}

export const writeGateways = (root: string, gateways: readonly GatewayRecord[]): Promise<void> =>
  writeDurably(gatewayFile(root), `${JSON.stringify({ format: 1, gateways }, null, 2)}\n`)
