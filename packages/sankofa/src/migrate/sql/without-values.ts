import { scanSync } from 'libpg-query'
import { loadParser } from './statement.ts'

const isValue = (text: string, tokenName: string): boolean =>
  tokenName === 'SCONST' || text.endsWith("'") || /^\.?\d/.test(text)
const isComment = (tokenName: string): boolean => tokenName === 'SQL_COMMENT' || tokenName === 'C_COMMENT'

/**
 * A statement of somebody else's, for a message: `?` stands for each value, and comments are left out. Of one that was cut
 * off, only what comes before its first quote, number or comment is told.
 */
export async function withoutValues(sql: string): Promise<string> {
  await loadParser()
  try {
    const bytes = Buffer.from(sql, 'utf8')
    let said = ''
    let from = 0
    for (const { start, end, text, tokenName } of scanSync(sql).tokens) {
      said += bytes.subarray(from, start).toString('utf8')
      said += isComment(tokenName) ? '' : isValue(text, tokenName) ? '?' : text
      from = end
    }
    return said.replaceAll(/\s+/g, ' ').trim()
  } catch {
    return /^[^'"$\d/-]*/.exec(sql)?.[0].replaceAll(/\s+/g, ' ').trim() ?? ''
  }
}
