import { inject } from 'vitest'
import type { Case } from './case.ts'

/** The server of this run understands the case: an older one, of TEST_DATABASE_URL, does not know all of the grammar. */
export const isKnownHere = ({ since = 15 }: Case): boolean => since <= inject('postgresVersion')
