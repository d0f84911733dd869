import type { Audience } from '../settings.ts'

/** A message on its way. `dedupKey` is the same each time that it is sent: a receiver drops what it has. */
export type Outgoing = {
  readonly id: bigint
  readonly dedupKey: string
  readonly at: Date
  readonly incident: bigint | undefined
  readonly audience: Audience
  readonly subject: string
  readonly body: string
  readonly data: Readonly<Record<string, unknown>>
}

export type Channel = {
  readonly name: string
  readonly audiences: readonly Audience[]
  /** Resolves when the other side has taken it; otherwise rejects, and it is sent again later. */
  send(notice: Outgoing): Promise<void>
}
