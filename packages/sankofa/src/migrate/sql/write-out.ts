import { scanSync } from 'libpg-query'
import pg from 'pg'
import { loadParser } from './statement.ts'

/**
 * A statement with its parameters written into the text, so that it can be sent again by itself. Only what the
 * server's scanner takes for a parameter is replaced: `'$1'` in quotes stays.
 */
export async function writeOut(sql: string, values: readonly unknown[]): Promise<string> {
  if (values.length === 0) return sql
  await loadParser()
  const bytes = Buffer.from(sql, 'utf8')
  const parts: string[] = []
  let from = 0
  for (const { start, end, text } of scanSync(sql).tokens) {
    const number = parameterNumber(text)
    if (number === undefined || number > values.length) continue
    // Apart from what stands beside it: `u&$1` would become another kind of text.
    parts.push(bytes.subarray(from, start).toString('utf8'), ` ${literal(values[number - 1])} `)
    from = end
  }
  return [...parts, bytes.subarray(from).toString('utf8')].join('')
}

function parameterNumber(token: string): number | undefined {
  const number = Number(token.slice(1))
  return token.startsWith('$') && Number.isInteger(number) && number > 0 ? number : undefined
}

type Utilities = { readonly utils: { prepareValue(value: unknown): string | Buffer | null } }
const { prepareValue } = (pg as unknown as Utilities).utils

/**
 * In quotes, and without a type, as `pg` sends every parameter: what it is, PostgreSQL concludes from where it stands. A bare
 * `-5` behind a minus would begin a comment.
 */
function literal(value: unknown): string {
  const sent = prepareValue(value)
  if (sent === null) return 'null'
  return pg.escapeLiteral(typeof sent === 'string' ? sent : `\\x${sent.toString('hex')}`)
}
