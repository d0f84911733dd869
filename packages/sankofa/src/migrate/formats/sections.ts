/** A line by which a tool marks a part of its file. */
export type Marker = { readonly line: number; readonly text: string }

/** @returns the lines that `marks` finds, 0-based */
export const findMarkers = (text: string, marks: RegExp): readonly Marker[] =>
  text.split('\n').flatMap((line, index) => (marks.test(line) ? [{ line: index, text: line.trim() }] : []))

/**
 * Keeps the lines of these ranges (`[from, to)`) and empties the others: what is said of a statement then names its line
 * in the file. Nothing but white space is the empty text.
 */
export function onlyLines(text: string, ranges: readonly (readonly [from: number, to: number])[]): string {
  const isKept = (index: number) => ranges.some(([from, to]) => from <= index && index < to)
  const lines = text.split('\n').map((line, index) => (isKept(index) ? line : ''))
  const end = lines.findLastIndex((line) => line.trim() !== '') + 1
  return end === 0 ? '' : `${lines.slice(0, end).join('\n')}\n`
}

/** Is there anything but comments above this line? No tool with sections would run it. */
export const hasStatementAbove = (text: string, line: number): boolean =>
  text.split('\n', line).some((one) => one.trim() !== '' && !one.trimStart().startsWith('--'))
