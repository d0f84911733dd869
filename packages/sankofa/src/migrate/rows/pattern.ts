/** PostgreSQL's regular expressions as JavaScript's, where they mean the same. */
export function compileRegex(pattern: string, insensitive = false): RegExp | undefined {
  const translated = pattern
    .replace(/^\(\?([a-z]*)\)/, '')
    .replaceAll('[:alnum:]', 'A-Za-z0-9')
    .replaceAll('[:alpha:]', 'A-Za-z')
    .replaceAll('[:digit:]', '0-9')
    .replaceAll('[:lower:]', 'a-z')
    .replaceAll('[:upper:]', 'A-Z')
    .replaceAll('[:space:]', '\\s')
    .replaceAll('[:xdigit:]', '0-9A-Fa-f')
    .replaceAll('\\A', '^')
    .replaceAll('\\Z', '$')
    .replaceAll(/\\[myM]/g, '\\b')
  // Classes that are not translated, back references by name and the like are PostgreSQL's own.
  if (/\[[.=:]|\\[YcU]|^\*\*\*/.test(translated)) return undefined
  try {
    return new RegExp(translated, insensitive || /^\(\?[a-z]*i/.test(pattern) ? 'i' : '')
  } catch {
    return undefined
  }
}

export function compileLike(pattern: string, insensitive = false): RegExp {
  let source = ''
  for (let index = 0; index < pattern.length; index++) {
    const character = pattern[index] ?? ''
    if (character === '%') source += '[^]*'
    else if (character === '_') source += '[^]'
    else source += (character === '\\' ? (pattern[++index] ?? '') : character).replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
  }
  return new RegExp(`^${source}$`, insensitive ? 'i' : '')
}

/** Makes a text that the regular expression takes, or something near: whoever asks has to test it. */
export function textMatching(pattern: string, random: (below: number) => number): string {
  const reader = { text: pattern.replace(/^\(\?[a-z]*\)/, ''), at: 0 }
  return alternatives(reader, random)
}

export const textLike = (pattern: string, token: string): string =>
  pattern.replaceAll(/\\(.)|%|_/g, (found, escaped?: string) => escaped ?? (found === '%' ? token : 'x'))

type Reader = { readonly text: string; at: number }
type Random = (below: number) => number

function alternatives(reader: Reader, random: Random): string {
  const options: string[] = []
  for (;;) {
    options.push(sequence(reader, random))
    if (reader.text[reader.at] !== '|') break
    reader.at++
  }
  if (reader.text[reader.at] === ')') reader.at++
  return options[random(options.length)] ?? ''
}

function sequence(reader: Reader, random: Random): string {
  let made = ''
  while (reader.at < reader.text.length && !'|)'.includes(reader.text[reader.at] ?? '')) {
    const start = reader.at
    const one = atom(reader, random)
    const end = reader.at
    const [least, most] = repetition(reader)
    const times = least + random(Math.min(most, least + 4) - least + 1)
    for (let time = 0; time < times; time++) {
      // Each repetition is made anew, so that [a-z]+ is not one letter again and again.
      made += time === 0 ? one : atom({ text: reader.text.slice(0, end), at: start }, random)
    }
  }
  return made
}

function repetition(reader: Reader): readonly [number, number] {
  const found = /^(?:([*+?])|\{(\d+)(,?)(\d*)\})\??/.exec(reader.text.slice(reader.at))
  if (found === null) return [1, 1]
  reader.at += found[0].length
  if (found[1] !== undefined) return found[1] === '?' ? [0, 1] : found[1] === '+' ? [1, 8] : [0, 8]
  const least = Number(found[2])
  return [least, found[3] === '' ? least : found[4] === '' ? least + 8 : Number(found[4])]
}

const word = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_'
const classes: Readonly<Record<string, string>> = { d: '0123456789', w: word, s: ' ', D: 'abcxyz', W: ' -.', S: word }

function atom(reader: Reader, random: Random): string {
  const character = reader.text[reader.at++] ?? ''
  if (character === '^' || character === '$') return ''
  if (character === '.') return word[random(word.length)] ?? ''
  if (character === '[') return pick(characterClass(reader), random)
  if (character === '(') {
    const skipped = /^\?(?:[:=]|<?[=!])/.exec(reader.text.slice(reader.at))?.[0]
    reader.at += skipped?.length ?? 0
    const inner = alternatives(reader, random)
    return skipped === undefined || skipped === '?:' ? inner : ''
  }
  if (character !== '\\') return character
  const escaped = reader.text[reader.at++] ?? ''
  if ('AZmMybB'.includes(escaped)) return ''
  const known = classes[escaped]
  return known === undefined ? ({ n: '\n', t: '\t' }[escaped] ?? escaped) : pick(known, random)
}

const pick = (characters: string, random: Random): string => characters[random(characters.length)] ?? ''

const namedClasses: Readonly<Record<string, string>> = {
  alnum: word.slice(0, -1),
  alpha: word.slice(0, 52),
  digit: '0123456789',
  lower: word.slice(0, 26),
  upper: word.slice(26, 52),
  xdigit: '0123456789abcdef',
  space: ' ',
  punct: '.,-!',
}

function characterClass(reader: Reader): string {
  const negated = reader.text[reader.at] === '^'
  if (negated) reader.at++
  let members = ''
  for (let first = true; reader.at < reader.text.length; first = false) {
    const named = /^\[:(\w+):\]/.exec(reader.text.slice(reader.at))
    if (named !== null) {
      members += namedClasses[named[1] ?? ''] ?? ''
      reader.at += named[0].length
      continue
    }
    let character = reader.text[reader.at++] ?? ''
    if (character === ']' && !first) break
    if (character === '\\') {
      const escaped = reader.text[reader.at++] ?? ''
      if (classes[escaped] !== undefined) {
        members += classes[escaped]
        continue
      }
      character = escaped
    }
    if (reader.text[reader.at] === '-' && reader.text[reader.at + 1] !== ']' && reader.at + 1 < reader.text.length) {
      const to = reader.text[reader.at + 1] ?? ''
      reader.at += 2
      for (let code = character.charCodeAt(0); code <= Math.min(to.charCodeAt(0), 0x17f); code++)
        members += String.fromCharCode(code)
    } else members += character
  }
  if (!negated) return members || 'a'
  return [...`${word}-. `].filter((candidate) => !members.includes(candidate)).join('') || '~'
}
