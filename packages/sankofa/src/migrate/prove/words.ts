import type { Broken, MigrationProof, StepSeen, Untried } from './proof.ts'

/** A proof in one line, with one thing to do where something is to be done. */
export type Summary = {
  /** `✓` proved; `!` proved, and to be known; `✗` not proved. */
  readonly mark: '✓' | '!' | '✗'
  readonly text: string
  /** One command. */
  readonly next?: string
}

/** Others wait longer than this for a step: worth saying before it happens. */
const longMs = 2_000

export function summaryOf(proof: MigrationProof): Summary {
  return notProved(proof) ?? toBeKnown(proof) ?? { mark: '✓', text: proved(proof) }
}

function notProved(proof: MigrationProof): Summary | undefined {
  if (proof.ok) return undefined
  const { group, failure, grade, undo } = proof
  const again = `sankofa prove --from ${group} --to ${group}`
  const derive = undo === 'written' ? `sankofa migrate new --derive ${group}` : `${again} --json`
  const real = proof.differences.filter(({ weight }) => weight === 'differs').map(({ text }) => text)
  // What is left over is why up cannot run again: the cause is the better news.
  if (failure !== undefined && !(failure.step === 'up again' && real.length > 0)) {
    const when = failure.when === 'rows' ? ' once rows exist' : ''
    const what =
      failure.step === 'undo after new rows' ? 'undo fails once new rows are written' : `${failure.step} fails${when}`
    const next = failure.step === 'up' ? `${again}  # once its up is mended` : derive
    return { mark: '✗', text: `${what}: ${failure.reason}`, next }
  }
  if (grade === 'missing') return { mark: '✗', text: 'no undo is written, and none could be derived', next: derive }
  if (grade === 'differs') {
    return { mark: '✗', text: `undo leaves another schema: ${some(real)}`, next: derive }
  }
  if (proof.loss === 'lost') {
    return {
      mark: '✗',
      text: `undo loses data: ${some(proof.losses)}`,
      next: `sankofa go ${group} --unproved "why this loss is meant"`,
    }
  }
  return {
    mark: '✗',
    text: `up cannot run a second time: ${some(proof.secondUp.map(({ text }) => text))}`,
    next: derive,
  }
}

function toBeKnown(proof: MigrationProof): Summary | undefined {
  const { group, brokenStatements, riskyStatements } = proof
  const again = { next: `sankofa prove ${group}  # once a release that does without it runs` }
  if (brokenStatements.length > 0) {
    return { mark: '!', text: `the running release cannot work on it: ${statementWords(brokenStatements)}`, ...again }
  }
  const untried = untriedOnTouched(proof)
  const notRun = untried.length === 0 ? '' : `; ${untriedWords(untried)}`
  if (riskyStatements.length > 0) {
    return {
      mark: '!',
      text: `${proved(proof)}; for some values the running release fails on it: ${statementWords(riskyStatements)}${notRun}`,
      ...again,
    }
  }
  const { failedPastTriggers } = proof.rows
  if (failedPastTriggers !== undefined) {
    return {
      mark: '!',
      text: `${proved(proof)}; with rows that only their triggers refuse, ${failedPastTriggers}${notRun}`,
      next: `sankofa prove --from ${group} --to ${group} --target URL --sample`,
    }
  }
  const blocking = longest(proof.up)
  if (blocking !== undefined) {
    return {
      mark: '!',
      text: `${proved(proof)}; predicted to block ${blocking}${notRun}`,
      next: `sankofa prove --from ${group} --to ${group} --target URL  # once it is split into shorter steps`,
    }
  }
  if (proof.loss === 'stashed') {
    const text = `${listed(proof.destroys)}: undo needs the stash, proved with it${notRun}`
    return { mark: '!', text, next: 'sankofa migrate up' }
  }
  if (untried.length > 0) {
    const text = `${proved(proof)}${notRun}`
    return { mark: '!', text, next: `sankofa prove --from ${group} --to ${group} --target URL --sample` }
  }
  return undefined
}

/** Those that name a table which the migration locks or writes: what names no such table meets what it met before. */
export function untriedOnTouched({ untriedStatements = [], touchedTables }: MigrationProof): readonly Untried[] {
  return untriedStatements.filter(({ tables }) =>
    tables.some((table) => touchedTables.some((one) => isSame(one, table))),
  )
}

/** A statement that could not be prepared names its tables as it does, perhaps without their schema. */
const isSame = (touched: string, named: string): boolean =>
  touched === named || (!named.includes('.') && touched.endsWith(`.${named}`))

/** How many, on which tables, and why the first of them. */
export function untriedWords(untried: readonly Untried[]): string {
  const [first] = untried
  if (first === undefined) return ''
  const tables = [...new Set(untried.flatMap((statement) => statement.tables))].sort()
  const named = `${tables.slice(0, 3).join(', ')}${tables.length > 3 ? ` and ${tables.length - 3} more tables` : ''}`
  const count = `${untried.length} ${untried.length === 1 ? 'statement' : 'statements'}`
  return `${count} of the running release on ${named} could be prepared at most, not run (${first.reason})`
}

function proved({ undo, grade, rows, differences, touchedTables }: MigrationProof): string {
  const how = undo === 'derived' ? 'undo derived, proved' : 'undo proved'
  const withRows = rows.filled > 0 ? ' with rows' : rows.tables === 0 ? '' : ' without rows'
  // The reason why a table is empty follows its name.
  const empty = touchedTables.filter((table) => rows.empty.some((one) => one.startsWith(`${table}: `)))
  const past = touchedTables.filter((table) => rows.pastTriggers?.includes(table) === true)
  const triggers = past.length > 0 ? `, those of ${past.slice(0, 3).join(', ')} put in past their triggers` : ''
  const none = rows.filled > 0 && empty.length > 0 ? `, but none in ${empty.slice(0, 3).join(', ')}` : ''
  const but =
    grade === 'column-order'
      ? '; columns come back in another order'
      : grade === 'cosmetic'
        ? `; ${differences.length} ${differences.length === 1 ? 'name' : 'names'} differ`
        : ''
  return `${how}${withRows}${none}${triggers}${but}`
}

function longest({ prediction }: StepSeen): string | undefined {
  if (prediction === undefined) return undefined
  const { blocksReadsMs, blocksWritesMs, slowest } = prediction
  if (Math.max(blocksReadsMs, blocksWritesMs) <= longMs) return undefined
  const who = blocksReadsMs > longMs ? 'reads and writes' : 'writes'
  const seconds = Math.round(Math.max(blocksReadsMs, blocksWritesMs) / 1_000)
  return `${who} for about ${seconds} s${slowest === undefined ? '' : ` (${slowest.why})`}`
}

function statementWords([first, ...more]: readonly Broken[]): string {
  if (first === undefined) return ''
  const where = first.routes.slice(0, 2).join(', ')
  return `${shorten(first.text)} (${where}): ${first.reason}${more.length > 0 ? `, and ${more.length} more` : ''}`
}

const listed = (words: readonly string[]): string =>
  words.length === 0
    ? 'changes rows'
    : `${words.slice(0, 3).join(', ')}${words.length > 3 ? ` and ${words.length - 3} more` : ''}`

const some = (texts: readonly string[]): string =>
  `${texts[0] ?? 'see --json'}${texts.length > 1 ? ` (and ${texts.length - 1} more)` : ''}`

const shorten = (sql: string): string => {
  const flat = sql.split(/\s+/).join(' ')
  return flat.length > 80 ? `${flat.slice(0, 79)}…` : flat
}
