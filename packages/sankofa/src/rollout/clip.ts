const longestText = 2_000

/** The journal refuses longer texts, and what it refuses would be tried for ever: a refusal, or the undo itself. */
export const clip = (text: string): string =>
  text.length <= longestText ? text : `${text.slice(0, longestText - 2)} …`

/** What was thrown, as the journal takes it: never empty, and without the pages that an assertion may print. */
export function textOf(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error)
  return clip(text) || 'no reason was given'
}
