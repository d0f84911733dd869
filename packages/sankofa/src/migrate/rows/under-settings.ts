import { literal } from './table.ts'

export type Setting = readonly [name: string, value: string]

/** Compiling a query with a part for each table takes longer than the query itself. */
export const withoutJit: Setting = ['jit', 'off']

/** One message of statements under these settings, which are put back: a caller's transaction may go on. */
export function underSettings(settings: readonly Setting[], statements: readonly string[]): string {
  const each = (call: (name: string, value: string) => string): string =>
    `select ${settings.map(([name, value]) => call(name, literal(value))).join(', ')}`
  const set = (name: string, value: string): string => `pg_catalog.set_config('${name}', ${value}, true)`
  const current = (name: string): string => `pg_catalog.current_setting('${name}')`
  return [
    each((name) => set(`sankofa.kept_${name}`, current(name))),
    each((name, value) => set(name, value)),
    ...statements,
    each((name) => set(name, current(`sankofa.kept_${name}`))),
  ].join(';\n')
}
