// Classes of SQLSTATE: a lock not granted, a deadlock, a cancelled query, a lost connection, no space, an inner error. The
// unit as a whole is tried again, or given up.
const grave = /^(55P03|40|57|08|53|58|XX|25)/

/** Is it about the rows or the statement at hand, so that a savepoint can be rolled back and something else be tried? */
export function passes(error: unknown): boolean {
  const code = codeOf(error)
  return code !== undefined && !grave.test(code)
}

/** Is it about one row: a constraint, a value, a trigger that says no? */
export function isAboutRow(error: unknown): boolean {
  const code = codeOf(error)
  return code !== undefined && /^(23|22|P0|44)/.test(code)
}

function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' && code.length === 5 ? code : undefined
}
