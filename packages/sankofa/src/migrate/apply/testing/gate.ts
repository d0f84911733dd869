import type pg from 'pg'

/** Whoever holds it exclusively stops the migrator at its next gate. */
export const gateLock = '4242, 1'

/**
 * Stops a migrator that uses this pool, on the server, before the first statement whose label is not among those passed: also
 * between the statements of one message.
 *
 * @param reached - told of the label when the gate is about to be sent
 */
export function putGate(pool: pg.Pool, passed: ReadonlySet<string>, reached: (label: string) => void): void {
  let shut = false
  pool.on('connect', (client) => {
    const query = client.query.bind(client) as (...args: readonly unknown[]) => unknown
    let works = false
    let last = 'commit of those before'
    /** Where in these statements the gate belongs. */
    const gateIn = (statements: readonly string[]): number | undefined => {
      for (const [at, statement] of statements.entries()) {
        const label = labelOf(statement, last)
        // A record in one message with its commit: the gate before the commit says the same.
        if (label === undefined || (statements.length > 1 && isRecord(statement))) continue
        last = label
        if (shut || passed.has(label)) continue
        shut = true
        reached(label)
        return at
      }
      return undefined
    }
    const gated = (...args: readonly unknown[]): unknown => {
      const [first] = args
      const batch =
        typeof first === 'object' && first !== null && 'submit' in first
          ? (first as unknown as { text: string })
          : undefined
      const text = typeof first === 'string' ? first : (first as { readonly text: string }).text
      if (text.includes('pg_try_advisory_lock')) works = true
      if (text.includes('pg_advisory_unlock')) works = false
      if (!works) return query(...args)
      const statements = batch === undefined ? [text] : text.split('\n;\n')
      const at = gateIn(statements)
      if (at === undefined) return query(...args)
      const gate = `select pg_advisory_xact_lock_shared(${gateLock})`
      if (batch === undefined) return (query(gate) as Promise<unknown>).then(() => query(...args))
      batch.text = statements.toSpliced(at, 0, gate).join('\n;\n')
      return query(...args)
    }
    client.query = gated as typeof client.query
  })
}

/** What makes a difference when it is killed before: the migrations' own statements, records and commits. */
function labelOf(statement: string, last: string): string | undefined {
  const text = statement.trim()
  // A commit of mere settings makes no difference.
  if (text === 'commit') return last.startsWith('commit') ? undefined : `commit after ${last}`
  const isSetting = /^(begin|rollback|reset|set local|set lock_timeout|savepoint|release|select)\b/.test(text)
  return isSetting && !isRecord(text) ? undefined : text
}

const isRecord = (statement: string): boolean => /(insert into|update|delete from) sankofa\./.test(statement)
