import { Type } from 'typebox'
import { Value } from 'typebox/value'
import type { ChangeId } from '../core/index.ts'
import type { Guard } from '../judge/index.ts'

/** One row of `sankofa.flag`. */
export type FlagState = {
  readonly flag: string
  readonly change: ChangeId | undefined
  /** Absent when nothing is measured: never started, taken back or settled. */
  readonly goId: bigint | undefined
  readonly salt: string
  readonly stage: number
  readonly share: number
  readonly shareBefore: number
  readonly settled: boolean
}

export type TunableState = {
  readonly tunable: string
  readonly change: ChangeId | undefined
  readonly value: unknown
  /** Present while a change of this tunable can be taken back. */
  readonly before: { readonly value: unknown } | undefined
}

/** One row of `sankofa.release_split`: what everybody gets, and what those who are drawn get meanwhile. */
export type ReleaseSplit = {
  readonly service: string
  readonly current: string
  /** Absent while nothing goes out. */
  readonly next: string | undefined
  readonly change: ChangeId | undefined
  readonly goId: bigint | undefined
  readonly salt: string
  readonly stage: number
  readonly share: number
  readonly shareBefore: number
}

export type OpenWatch = {
  readonly goId: bigint
  readonly guards: readonly Guard[]
  readonly sampleRate: number
}

/** Everything that a process needs to know to evaluate and to measure, read in one snapshot. */
export type KnownState = {
  /** The database's clock when it was read, ms. */
  readonly asOfMs: number
  readonly flags: readonly FlagState[]
  readonly tunables: readonly TunableState[]
  readonly releases: readonly ReleaseSplit[]
  readonly watches: readonly OpenWatch[]
}

const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()])
const integerText = Type.String({ pattern: '^\\d{1,19}$' })
const share = Type.Number({ minimum: 0, maximum: 1 })

/** The one written form, in the file and as the database answers. `format` grows when it changes. */
const writtenState = Type.Object({
  format: Type.Literal(1),
  asOfMs: Type.Number(),
  flags: Type.Array(
    Type.Object({
      flag: Type.String(),
      change: nullable(Type.String()),
      goId: nullable(integerText),
      salt: Type.String(),
      stage: Type.Integer(),
      share,
      shareBefore: share,
      settled: Type.Boolean(),
    }),
  ),
  tunables: Type.Array(
    Type.Object({
      tunable: Type.String(),
      change: nullable(Type.String()),
      value: Type.Unknown(),
      before: nullable(Type.Object({ value: Type.Unknown() })),
    }),
  ),
  // Absent in files of versions that knew no releases.
  releases: Type.Optional(
    Type.Array(
      Type.Object({
        service: Type.String(),
        current: Type.String(),
        next: nullable(Type.String()),
        change: nullable(Type.String()),
        goId: nullable(integerText),
        salt: Type.String(),
        stage: Type.Integer(),
        share,
        shareBefore: share,
      }),
    ),
  ),
  watches: Type.Array(Type.Object({ goId: integerText, guards: Type.Array(Type.Unknown()), sampleRate: share })),
})

/** @returns the state, or `undefined` when `written` is not one, for instance of a later format */
export function parseState(written: unknown): KnownState | undefined {
  if (!Value.Check(writtenState, written)) return undefined
  return {
    asOfMs: written.asOfMs,
    flags: written.flags.map((row) => ({
      ...row,
      change: (row.change ?? undefined) as ChangeId | undefined,
      goId: row.goId === null ? undefined : BigInt(row.goId),
    })),
    tunables: written.tunables.map((row) => ({
      ...row,
      change: (row.change ?? undefined) as ChangeId | undefined,
      before: row.before ?? undefined,
    })),
    releases: (written.releases ?? []).map((row) => ({
      ...row,
      next: row.next ?? undefined,
      change: (row.change ?? undefined) as ChangeId | undefined,
      goId: row.goId === null ? undefined : BigInt(row.goId),
    })),
    watches: written.watches.map((row) => ({
      goId: BigInt(row.goId),
      // Written by the leader from the judge's own type; nobody else writes this table or this file.
      guards: row.guards as readonly Guard[],
      sampleRate: row.sampleRate,
    })),
  }
}

export const nothingKnown: KnownState = {
  asOfMs: Number.NEGATIVE_INFINITY,
  flags: [],
  tunables: [],
  releases: [],
  watches: [],
}
