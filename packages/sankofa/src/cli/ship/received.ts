import { Type } from 'typebox'
import { Value } from 'typebox/value'

/** What `sankofa receive` says, in one line: the digest of the release that is there now, or why there is none. */
export type Received =
  | { readonly answer: 'received'; readonly has: string | null; readonly reused?: boolean }
  | { readonly answer: 'received'; readonly error: string; readonly message: string }

const answer = Type.Literal('received')
const written = Type.Union([
  Type.Object({
    answer,
    has: Type.Union([Type.String(), Type.Null()]),
    reused: Type.Optional(Type.Boolean()),
  }),
  Type.Object({ answer, error: Type.String(), message: Type.String() }),
])

/** Found among what the login of a host may print around it. */
export function readReceived(stdout: string): Received | undefined {
  for (const line of stdout.split('\n').reverse()) {
    const value = parsed(line)
    if (Value.Check(written, value)) return value
  }
  return undefined
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
