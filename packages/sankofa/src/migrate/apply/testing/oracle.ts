import type pg from 'pg'
import { expect } from '#harness'
import { systemClock } from '../../../core/index.ts'
import { openMigrator } from '../open-migrator.ts'
import { type Probed, twenty, twentySet } from './twenty.ts'

type Truth = {
  readonly id: string
  readonly state: 'pending' | 'applying' | 'applied' | 'undoing'
  readonly unit: number
  readonly running: boolean
}

/**
 * Compares what `status` and the rows say with what is really there, part by part, and counts the rows that must not be lost.
 *
 * @returns the groups' states, and whether the statement in doubt, if there is one, was done
 */
export async function expectTruth(pool: pg.Pool, when: string): Promise<{ readonly inDoubt?: 'done' | 'again' }> {
  const status = await openMigrator({ pool, set: twentySet, actor: 'oracle', clock: systemClock }).status()
  const rows = await pool.query<Truth>('select id, state, unit, running from sankofa.migration')
  const probes = await pool.query<{ done: (boolean | null)[][]; undone: (boolean | null)[][] }>(
    `select jsonb_build_array(${twenty.map(({ parts }) => `jsonb_build_array(${parts.join(', ')})`).join(', ')}) as done,
            jsonb_build_array(${twenty.map((each) => `jsonb_build_array(${undoneOf(each).join(', ')})`).join(', ')}) as undone`,
  )
  const { done = [], undone = [] } = probes.rows[0] ?? {}
  let inDoubt: 'done' | 'again' | undefined
  for (const [at, { migration }] of twenty.entries()) {
    const row = rows.rows.find(({ id }) => id === migration.id)
    const state = row?.state ?? 'pending'
    const unit = row?.unit ?? 0
    const parts = (state === 'undoing' ? undone[at] : done[at]) ?? []
    const about = `${migration.id} is ${state} at ${unit}, ${when}`
    const isOpen = (part: number): boolean => parts[part] === null || (row?.running === true && part >= unit)
    const wanted = parts.map((found, part) => (isOpen(part) ? found : state === 'applied' || part < unit))
    expect(parts, about).toEqual(wanted)
    const group = status.find((each) => each.group === migration.group)
    const told = group?.interruptedAt
    if (state === 'applying' || state === 'undoing') {
      expect(group?.state, about).toBe(
        state === 'undoing' ? 'undoing' : group?.state === 'undoing' ? 'undoing' : 'applying',
      )
      expect(told?.next, about).toMatch(/Run "sankofa migrate|Look, then run/)
    }
    if (told?.inDoubt !== undefined && told.migration === migration.id)
      inDoubt = parts[unit] === true ? 'done' : 'again'
    if (migration.group === migration.id) expect(group?.state, about).toBe(state)
  }
  await expectRows(pool, when)
  return inDoubt === undefined ? {} : { inDoubt }
}

/** The rows of `keep`, as long as it is there. */
async function expectRows(pool: pg.Pool, when: string): Promise<void> {
  const there = await pool.query<{ there: boolean }>(`select to_regclass('keep') is not null as there`)
  if (there.rows[0]?.there !== true) return
  const { rows } = await pool.query<{ n: number; same: boolean }>(
    `select count(*)::int as n, bool_and(body = 'row ' || id) as same from keep`,
  )
  expect(rows, when).toEqual([{ n: 200, same: true }])
}

const undoneOf = ({ parts, undone }: Probed): readonly string[] =>
  undone ?? (parts.length === 0 ? [] : [`not (${parts.at(-1)})`])
