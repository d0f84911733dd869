import type { Case } from './case.ts'
import { columns } from './cases/columns.ts'
import { concurrently } from './cases/concurrently.ts'
import { constraints } from './cases/constraints.ts'
import { data } from './cases/data.ts'
import { extensions } from './cases/extensions.ts'
import { groups } from './cases/groups.ts'
import { indexes } from './cases/indexes.ts'
import { partitions } from './cases/partitions.ts'
import { policies } from './cases/policies.ts'
import { privileges } from './cases/privileges.ts'
import { routines } from './cases/routines.ts'
import { schemas } from './cases/schemas.ts'
import { sequences } from './cases/sequences.ts'
import { settings } from './cases/settings.ts'
import { tables } from './cases/tables.ts'
import { types } from './cases/types.ts'
import { views } from './cases/views.ts'

/** Every case by the class of the catalogue that it is about. */
export const cases: Readonly<Record<string, readonly Case[]>> = {
  tables,
  columns,
  constraints,
  indexes,
  concurrently,
  views,
  routines,
  types,
  sequences,
  policies,
  privileges,
  extensions,
  settings,
  partitions,
  schemas,
  data,
  groups,
}
