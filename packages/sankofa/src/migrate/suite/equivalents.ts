const goesWithItsColumn = 'the index goes with the column that the next statement drops'
const goesWithItsTable = 'a later migration of the release drops the whole table'
const freeNumber = 'the next number is free all the same'
const noRightValue = 'what stands for a NULL that the new release wrote is for nobody but the author to say'

/**
 * By case and change: mutants that end in the same place as the undo itself, and why. Every other mutant is caught.
 */
export const equivalents: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'NOT NULL comes back after the NULLs were filled': { '1: A_Const.sval {"sval":""} → {"sval":"x"}': noRightValue },
  'a named NOT NULL comes back without its name': { '1: A_Const.sval {"sval":"?"} → {"sval":"?x"}': noRightValue },
  'a named NOT NULL comes back by its name': { '1: A_Const.sval {"sval":"?"} → {"sval":"?x"}': noRightValue },
  'an identity becomes a serial again': {
    '3: FuncCall.args without number 3': freeNumber,
    '3: CoalesceExpr.args without number 2': 'there are rows, so nothing is put in place of no number',
    '3: A_Const.ival {} → {"ival":1}': 'there are rows, so nothing is put in place of no number',
    '3: A_Const.ival {"ival":1} → {"ival":2}': freeNumber,
    '3: A_Const.boolval {} → {"boolval":true}': freeNumber,
  },
  'a dropped table comes back with its columns in another order': {
    '1: CreateStmt.tableElts with 2 and 3 exchanged': 'it is better than the undo: the columns are in their order',
  },
  'a dropped GiST index comes back': { '1: IndexElem.opclass left out': 'range_ops is the default for ranges' },
  'a table and an index beside the traffic go in the same text': { '1: DropStmt left out': goesWithItsColumn },
  'the author begins and commits himself': { '2: DropStmt left out': goesWithItsColumn },
  'a recursive view comes back': { '1: ViewStmt.aliases left out': 'the query names its columns itself' },
  'the migrations of a release are taken back from the last to the first': {
    'migration 2, 1: DropStmt left out': goesWithItsTable,
    'migration 2, 2: AlterTableStmt left out': goesWithItsTable,
  },
  'a default that the second migration of a release changes again comes back': {
    'migration 2, 1: AlterTableStmt left out': 'the undo of the first migration sets the default anyway',
    'migration 2, 1: A_Const.sval {"sval":"Kumasi"} → {"sval":"Kumasix"}':
      'the undo of the first migration sets the default anyway',
  },
  'a release with an index that is built beside the traffic is taken back': {
    'migration 2, 1: DropStmt left out': 'the index goes with the column that the first migration drops',
  },
}

/** The same for mutants that ought to be caught and are not yet. An entry that is caught after all has to go. */
export const unseen: Readonly<Record<string, Readonly<Record<string, string>>>> = {}
