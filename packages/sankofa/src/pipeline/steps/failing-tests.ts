/** A test that failed, as its runner names it. */
export type FailingTest = {
  /** Suites and test, outermost first, joined by ` > `; the file where it could not even be loaded. */
  readonly name: string
  readonly file?: string
}

/**
 * Picks the failing tests out of what Vitest, Jest, `node --test` (spec or TAP) or Mocha printed, without colours. Which
 * runner it was is seen from the output; of another one nothing is found.
 */
export function failingTests(output: string): readonly FailingTest[] {
  const lines = output.split(/\r?\n/)
  const found = [...ofVitestAndJest(lines), ...ofNodeSpec(lines), ...ofTap(lines), ...ofMocha(lines)]
  const keys = new Set<string>()
  return found.filter(({ name, file }) => {
    const key = `${file ?? ''} ${name}`
    return !keys.has(key) && keys.add(key)
  })
}

/** `a.test.ts > wallet > pays out once`, and the count of the others. */
export function failingWords(tests: readonly FailingTest[]): string {
  const [first] = tests
  if (first === undefined) return ''
  const name = first.file === undefined || first.file === first.name ? first.name : `${first.file} > ${first.name}`
  return `${name}${tests.length > 1 ? ` and ${tests.length - 1} more` : ''}`
}

function* ofVitestAndJest(lines: readonly string[]): Generator<FailingTest> {
  let file: string | undefined
  for (const line of lines) {
    // Vitest: " FAIL  |project| a.test.ts > wallet > pays". Jest: "FAIL project a.test.ts (5 s)", then "  ● wallet › pays".
    const fail = /^\s*FAIL\s+(?:\|.*\|\s+)?(?:[\w@/-]+\s+)?(\S+\.[cm]?[jt]sx?)(?: > (.+)| \[.*\]| \(.*\))?$/.exec(line)
    if (fail !== null) {
      file = fail[1] ?? ''
      if (fail[2] !== undefined) yield { name: fail[2], file }
      else if (/ \[.*\]$/.test(line)) yield { name: file, file }
      continue
    }
    const bullet = /^ {2}● (.+)$/.exec(line)?.[1]
    if (bullet === undefined || file === undefined || /^Console$/.test(bullet)) continue
    yield bullet === 'Test suite failed to run' ? { name: file, file } : { name: bullet.split(' › ').join(' > '), file }
  }
}

/** Behind "failing tests:" each is "test at FILE:LINE:COLUMN" and "✖ NAME (…ms)", suites left out. */
function* ofNodeSpec(lines: readonly string[]): Generator<FailingTest> {
  const start = lines.findIndex((line) => /^✖ failing tests:/.test(line.trim()))
  if (start === -1) return
  let file: string | undefined
  for (const line of lines.slice(start + 1)) {
    const at = /^\s*test at (.+?):\d+:\d+$/.exec(line)?.[1]
    if (at !== undefined) file = at
    const name = /^\s*✖ (.+?)(?: \([\d.]+m?s\))?$/.exec(line)?.[1]
    if (name !== undefined && file !== undefined) {
      yield { name, file }
      file = undefined
    }
  }
}

function* ofTap(lines: readonly string[]): Generator<FailingTest> {
  if (!lines.some((line) => line.startsWith('TAP version'))) return
  for (const [index, line] of lines.entries()) {
    const [, indent = '', name] = /^(\s*)not ok \d+ - (.+?)(?: # .*)?$/.exec(line) ?? []
    if (name === undefined) continue
    const block = lines.slice(index + 1, index + 8)
    // A suite fails because of what is in it, which is told by itself.
    if (block.some((one) => one.startsWith(`${indent}  type: 'suite'`))) continue
    const file = block.map((one) => /location: '(.+):\d+:\d+'/.exec(one)?.[1]).find((one) => one !== undefined)
    yield file === undefined ? { name } : { name, file }
  }
}

/** Behind "N failing" each is "1) suite", deeper lines for each level, and a colon behind the last. */
function* ofMocha(lines: readonly string[]): Generator<FailingTest> {
  const start = lines.findIndex((line) => /^\s+\d+ failing$/.test(line))
  if (start === -1) return
  let levels: string[] | undefined
  for (const line of lines.slice(start + 1)) {
    const first = /^ {2}\d+\) (.+)$/.exec(line)?.[1]
    if (first !== undefined) levels = []
    if (levels === undefined) continue
    const text = (first ?? line).trim()
    if (text === '') levels = undefined
    else if (text.endsWith(':')) {
      yield { name: [...levels, text.slice(0, -1)].join(' > ') }
      levels = undefined
    } else levels.push(text)
  }
}
