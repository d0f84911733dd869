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
    parts.push(bytes.subarray(from, start).toString('utf8'), literal(values[number - 1]))
    from = end
  }
  return [...parts, bytes.subarray(from).toString('utf8')].join('')
}

function parameterNumber(token: string): number | undefined {
  const number = Number(token.slice(1))
  return token.startsWith('$') && Number.isInteger(number) && number > 0 ? number : undefined
}

function literal(value: unknown): string {
  if (value === null || value === undefined) return 'null'
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return String(value)
  if (value instanceof Date) return pg.escapeLiteral(value.toISOString())
  if (Buffer.isBuffer(value)) return pg.escapeLiteral(`\\x${value.toString('hex')}`)
  if (Array.isArray(value)) return `array[${value.map(literal).join(', ')}]`
  return pg.escapeLiteral(typeof value === 'object' ? JSON.stringify(value) : String(value))
}
