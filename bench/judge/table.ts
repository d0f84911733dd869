import { quantile } from 'sankofa/judge/simulate'

export type Cells = Readonly<Record<string, string | number | undefined>>

/** Rows as a Markdown table, so that a result can be kept as it is. */
export function table(title: string, rows: readonly Cells[]): string {
  const columns = Object.keys(rows[0] ?? {})
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  const body = rows.map((row) => line(columns.map((column) => `${row[column] ?? '–'}`)))
  return [`### ${title}`, '', line(columns), line(columns.map(() => '---')), ...body, ''].join('\n')
}

export const median = (values: readonly number[]): number | undefined => quantile(values, 0.5)
export const p90 = (values: readonly number[]): number | undefined => quantile(values, 0.9)
export const percent = (share: number): string => `${Number((100 * share).toPrecision(2))} %`
export const seconds = (value: number | undefined): string =>
  value === undefined ? '–' : `${Math.round(value).toLocaleString('en')} s`
