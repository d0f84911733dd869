/** A statement that a service sends, as it was recorded: its text and its shapes, never a value. */
export type RecordedStatement = {
  /** As PostgreSQL's parser writes it: comments gone, each literal a `$n`, lists of one length. It can be prepared as it is. */
  readonly text: string
  /**
   * One for each `$n`: the kinds of JavaScript value that were seen (`number`, `string | null`, `array of string`), or,
   * for what was written into the text, its PostgreSQL type (`int4 literal`; `unknown literal` for one in quotes).
   */
  readonly parameterTypes?: readonly string[]
  /** Templates of the routes that sent it; `(no request)` for what ran outside of a request. */
  readonly routes: readonly string[]
  readonly releases: readonly string[]
  /** How often it was sent. */
  readonly n: number
  readonly lastSeen: Date
}

/** The route of what runs outside of a request, such as a job. */
export const noRequest = '(no request)'
