import { isDeepStrictEqual } from 'node:util'
import type { Static, TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { SankofaError } from '../core/index.ts'

/** A value that the service reads while it runs, such as a fee. Always JSON. */
export type Tunable<T = unknown> = {
  readonly id: string
  readonly title: string
  readonly owner: string
  /** What holds until a change sets another value. */
  readonly initial: T
  /** The value as the service's own validation reads it; throws an `Error` that says what is wrong. */
  parse(value: unknown): T
}

type Common<T> = { readonly id: string; readonly title: string; readonly owner: string; readonly initial: T }

const idPattern = /^[a-z0-9][a-z0-9._-]{0,99}$/

/**
 * Declares a tunable by a TypeBox schema, or by a function that returns the value or throws.
 *
 * @throws SankofaError `SETTINGS_WRONG` with every wrong setting at once; a wrong `initial` is one
 */
export function defineTunable<Schema extends TSchema>(
  declaration: Common<Static<Schema>> & { readonly schema: Schema },
): Tunable<Static<Schema>>
export function defineTunable<T>(declaration: Common<T> & { readonly validate: (value: unknown) => T }): Tunable<T>
export function defineTunable(
  declaration: Common<unknown> & { readonly schema?: TSchema; readonly validate?: (value: unknown) => unknown },
): Tunable {
  const { id, title, owner, initial, schema, validate } = declaration
  const parse = (value: unknown): unknown => (schema === undefined ? validate?.(value) : checkSchema(schema, value))
  const problems: string[] = []
  const name = `tunable "${id}"`
  if (!idPattern.test(id)) {
    problems.push(
      `${name}: the id is lower-case letters, digits, dots, underscores and hyphens, such as "service-fee-bps"`,
    )
  }
  if (title.trim() === '') problems.push(`${name}: title is empty; say what the value does`)
  if (owner.trim() === '') problems.push(`${name}: owner is empty; name who answers for the value`)
  const wrong = problemWith(parse, initial)
  if (wrong !== undefined) problems.push(`${name}: initial is ${JSON.stringify(initial)}: ${wrong}`)
  if (problems.length > 0) throw new SankofaError('SETTINGS_WRONG', { problems })
  return { id, title, owner, initial, parse }
}

/** Why the value cannot be taken, or `undefined` when it can. */
export function problemWith(parse: (value: unknown) => unknown, value: unknown): string | undefined {
  try {
    const kept: unknown = JSON.parse(JSON.stringify(value) ?? 'null')
    if (!isDeepStrictEqual(kept, value))
      return 'it does not survive JSON; use strings, numbers, booleans, lists and objects'
    parse(value)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function checkSchema(schema: TSchema, value: unknown): unknown {
  if (Value.Check(schema, value)) return value
  const found = Value.Errors(schema, value).map((error) => `${error.instancePath || 'the value'} ${error.message}`)
  throw new Error(found.join('; '))
}
