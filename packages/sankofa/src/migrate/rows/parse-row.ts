/** Reads PostgreSQL's text of a whole row, such as `(1,"a ""b""",,"")`: the texts of its columns, NULL where it has nothing. */
export function parseRow(text: string, columns: number): readonly (string | null)[] {
  const values: (string | null)[] = []
  // No column and one that is NULL look the same.
  if (columns === 0) return values
  let at = 1
  while (at < text.length) {
    let value: string | null = null
    while (at < text.length && text[at] !== ',' && text[at] !== ')') {
      value ??= ''
      if (text[at] !== '"') {
        const end = plainEnd(text, at)
        value += text.slice(at, end)
        at = end
        continue
      }
      for (at++; at < text.length; at++) {
        const character = text[at] ?? ''
        if (character === '"' && text[at + 1] !== '"') break
        // Inside quotes a quote or a backslash is written twice.
        if (character === '"' || character === '\\') at++
        value += text[at] ?? ''
      }
      at++
    }
    values.push(value)
    at++
  }
  return values
}

function plainEnd(text: string, from: number): number {
  let end = from
  while (end < text.length && !',)"'.includes(text.charAt(end))) end++
  return end
}
