import type { Group } from '../group.ts'
import type { Migration, Step } from '../migration.ts'
import type { Case } from './case.ts'

/** The migrations of a case, as a format would have read them. */
export function groupOfCase({ name, up, undo }: Pick<Case, 'name' | 'up' | 'undo'>): Group {
  const ups = typeof up === 'string' ? [up] : up
  const undos = typeof undo === 'string' ? [undo] : undo
  const migrations = ups.map((sql, index): Migration => {
    const written = undos?.[index]
    return {
      id: ups.length === 1 ? name : `${name} ${index + 1}`,
      group: name,
      up: sqlStep(sql),
      ...(written === undefined ? {} : { undo: sqlStep(written) }),
    }
  })
  return { id: name, migrations }
}

export const sqlStep = (sql: string): Step => ({ kind: 'sql', sql, transaction: 'auto' })
