/**
 * The text of a function in SQL or PL/pgSQL as PostgreSQL takes it: without the author's layout. White space and the case
 * of letters count inside quotes and comments only.
 */
export function withoutLayout(text: string): string {
  const parts: string[] = []
  let at = 0
  while (at < text.length) {
    const end = endOfKept(text, at)
    if (end > at) {
      parts.push(text.slice(at, end))
      at = end
      continue
    }
    let next = at + 1
    while (next < text.length && !mayBegin.has(text.charAt(next))) next++
    parts.push(loosely(text.slice(at, next)))
    at = next
  }
  return parts.join('').trim()
}

const mayBegin: ReadonlySet<string> = new Set(["'", '"', '$', '-', '/'])

/** Layout around brackets, commas and semicolons says nothing; elsewhere one space is as good as many. */
const loosely = (code: string): string =>
  code
    .toLowerCase()
    .replace(/\s+/g, ' ')
    .replace(/ ?([(),;]) ?/g, '$1')

/** Where the literal, quoted name or comment that begins at `at` ends; `at` itself where none does. */
function endOfKept(text: string, at: number): number {
  const two = text.slice(at, at + 2)
  if (two === '--') return after(text, '\n', at + 2)
  if (two === '/*') return after(text, '*/', at + 2)
  const first = text.charAt(at)
  if (first === '"') return after(text, '"', at + 1)
  if (first === "'") return endOfLiteral(text, at)
  const tag =
    first === '$' ? /^\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/.exec(text.slice(at, at + 66))?.[0] : undefined
  return tag === undefined ? at : after(text, tag, at + tag.length)
}

/** A backslash keeps the quote after it, but only in `e'…'`. */
function endOfLiteral(text: string, at: number): number {
  const escapes = /(^|[^\w$])e$/i.test(text.slice(Math.max(0, at - 2), at))
  for (let place = at + 1; place < text.length; place++) {
    const letter = text.charAt(place)
    if (escapes && letter === '\\') place++
    else if (letter === "'" && text.charAt(place + 1) === "'") place++
    else if (letter === "'") return place + 1
  }
  return text.length
}

function after(text: string, mark: string, from: number): number {
  const found = text.indexOf(mark, from)
  return found === -1 ? text.length : found + mark.length
}
