/** A statement of a migration that takes longer on a shadow with a handful of rows is not coming back. */
export const statementTimeoutMs = 5 * 60 * 1_000

/** How often a server looks whether whoever asked is still there, so that nothing goes on for a proof that was killed. */
export const clientCheckMs = 10_000

/** Why a statement was stopped and what to do, in words; `undefined` for any other error. */
export function stoppedByTimeLimit(error: unknown): string | undefined {
  const { code } = (error ?? {}) as { readonly code?: unknown }
  if (code !== '57014') return undefined
  return (
    `it was stopped because it ran into the time limit for one statement on a shadow: ${statementTimeoutMs / 60_000} min unless told otherwise, or what the ` +
    'migration itself sets as statement_timeout. Look whether it waits for something that never happens on a throw-away ' +
    'database, such as a lock it holds itself, a notification or another service; with --sample, take fewer rows'
  )
}
