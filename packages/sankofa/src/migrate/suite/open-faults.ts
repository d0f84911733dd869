const rewritten = 'a table that is only rewritten loses nothing, and is kept whole all the same'
const wider = 'every value fits into the wider type and back, and is kept all the same'

/**
 * By case: what the proof does not say as it should. Such a test fails as soon as the proof is right, and the entry goes.
 */
export const openFaults: Readonly<Record<string, string>> = {
  'an integer that became a bigint is an integer again': wider,
  'a view that stood in the way of a wider column comes back': wider,
  'a new generated column goes again': rewritten,
  'a new identity column goes again': rewritten,
  'a new domain goes again': rewritten,
  'a new sequence goes again': rewritten,
  'a new sequence that nobody owns is left over': rewritten,
  'a new column that is filled from another one goes again':
    'only the new column is written, and all of the row is kept',
  'a dropped generated column is computed again': 'what is computed again is kept all the same',
  'new rows of a list stay': 'a row that stays is told as if the stash were needed',
  'the undo of a release was not written': 'the stash of each migration is not found by the one undo of all of them',
}
