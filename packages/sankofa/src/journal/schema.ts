import { type TSchema, Type } from 'typebox'
import { Value } from 'typebox/value'
import { holdCauses, type RecordType, shipStepStates } from './record.ts'

const text = Type.String({ minLength: 1, maxLength: 10_000 })
const share = Type.Number({ minimum: 0, maximum: 1 })
const count = Type.Integer({ minimum: 0 })
const loose = (properties: Record<string, TSchema>): TSchema => Type.Object(properties)

const proof = loose({
  ok: Type.Boolean(),
  digest: text,
  base: Type.String(),
  expiresAt: Type.String({ pattern: '^\\d{4}-\\d\\d-\\d\\dT' }),
  loss: Type.Union([Type.Literal('kept'), Type.Literal('stashed'), Type.Literal('lost')]),
  undoMs: Type.Number({ minimum: 0 }),
  locks: Type.Array(Type.String()),
  steps: Type.Array(Type.String()),
  reason: Type.Optional(Type.String()),
})
const stage = loose({ share: Type.Number({ exclusiveMinimum: 0, maximum: 1 }), minimumMs: Type.Number({ minimum: 0 }) })
const guard = loose({ id: text, measure: text, weight: Type.Number({ minimum: 0, maximum: 1 }) })

/** What may be written, and what can be read: an older or newer Sankofa may have written more, never less. */
const schemas: { readonly [T in RecordType]: TSchema } = {
  proposed: loose({
    title: text,
    control: Type.Union([Type.Literal('subjects'), Type.Literal('none')]),
    dependsOn: Type.Array(Type.String()),
    size: loose({ unit: Type.String(), n: Type.Number({ minimum: 0 }) }),
  }),
  proved: loose({ proof }),
  refused: loose({ reason: text, proof: Type.Optional(proof) }),
  'go-requested': loose({
    unproved: Type.Optional(text),
    alpha: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 0.2 })),
    bakeMs: Type.Optional(count),
  }),
  'hold-requested': loose({ reason: text }),
  'back-requested': loose({ reason: text, local: Type.Optional(Type.Boolean()) }),
  started: loose({
    salt: Type.String({ minLength: 16 }),
    stages: Type.Array(stage, { minItems: 1 }),
    guards: Type.Array(guard),
    alpha: Type.Number({ exclusiveMinimum: 0, maximum: 0.2 }),
    sampleRate: Type.Number({ exclusiveMinimum: 0, maximum: 1 }),
    unproved: Type.Optional(text),
    forecast: loose({ stages: Type.Array(Type.Unknown()) }),
  }),
  exposing: loose({ stage: Type.Integer({ minimum: 1 }), share, shareBefore: share, reason: Type.Optional(text) }),
  exposed: loose({ stage: Type.Integer({ minimum: 1 }), share }),
  held: loose({
    reason: text,
    ask: text,
    cause: Type.Optional(Type.Union(holdCauses.map((cause) => Type.Literal(cause)))),
    fingerprint: Type.Optional(text),
  }),
  resumed: loose({ reason: text, nextStage: Type.Optional(Type.Boolean()) }),
  baking: loose({ untilMs: count }),
  undoing: loose({
    reason: text,
    cause: Type.Union([Type.Literal('judge'), Type.Literal('person'), Type.Literal('sample-ratio')]),
  }),
  undone: loose({ undone: loose({ tookMs: Type.Number({ minimum: 0 }), summary: Type.String() }) }),
  settling: loose({}),
  settled: loose({}),
  'step-failed': loose({ step: text, error: text }),
  'ship-step': loose({
    run: text,
    step: text,
    title: text,
    state: Type.Union(shipStepStates.map((state) => Type.Literal(state))),
    tookMs: Type.Optional(count),
    detail: Type.Optional(text),
  }),
}

/** @returns what is wrong with the data of a record, one line each; empty when nothing is */
export function dataProblems(type: RecordType, data: unknown): readonly string[] {
  return Value.Errors(schemas[type], data).map((error) => `${error.instancePath || 'data'} ${error.message}`)
}

/** Whether the rules can look at this record: false for a row of an unknown type, or whose data somebody wrote by hand. */
export const isReadable = (record: { readonly type: string; readonly data: unknown }): boolean =>
  Object.hasOwn(schemas, record.type) && Value.Check(schemas[record.type as RecordType], record.data)

/**
 * JSON in which no figure is lost silently: an infinite one becomes the largest finite one, and what JSON cannot say
 * (not a number, a bigint) throws. What `jsonb` cannot keep of a text, such as the NUL in an error's message, is replaced.
 */
export function toJson(data: unknown): string {
  return JSON.stringify(data, (key, value: unknown) => {
    if (typeof value === 'string') return value.toWellFormed().replaceAll('\0', '\ufffd')
    if (typeof value !== 'number' || Number.isFinite(value)) return value
    if (Number.isNaN(value)) throw new TypeError(`"${key}" is not a number`)
    return value > 0 ? Number.MAX_VALUE : -Number.MAX_VALUE
  })
}
