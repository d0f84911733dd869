import type { Json } from './json.ts'

/** Clauses without which a statement still is one. */
// biome-ignore format: a list of words
export const optionalClauses = new Set([
  'whereClause', 'where_clause', 'havingClause', 'whenClause', 'qual', 'with_check', 'collClause', 'collation', 'opclass',
  'indexIncludingParams', 'including', 'constraints', 'options', 'typmods', 'arrayBounds', 'partbound', 'partspec',
  'inhRelations', 'transitionRels', 'fk_del_set_cols', 'raw_default', 'storage_name', 'aliases', 'tableSpace',
])
/** Lists of which one element may be missing. */
// biome-ignore format: a list of words
export const listFields = new Set([
  'cmds', 'indexParams', 'indexIncludingParams', 'tableElts', 'constraints', 'keys', 'fk_attrs', 'pk_attrs', 'vals', 'roles',
  'grantees', 'privileges', 'options', 'definition', 'targetList', 'parameters', 'exprs', 'stat_types', 'columns', 'args',
  'objects', 'relations', 'params', 'cols', 'coldeflist', 'pubobjects', 'listdatums', 'lowerdatums', 'tableElts',
])
/** Lists whose order means something. */
export const orderedLists = new Set([
  'indexParams',
  'tableElts',
  'keys',
  'fk_attrs',
  'pk_attrs',
  'vals',
  'targetList',
  'parameters',
  'coldeflist',
  'args',
])
/** Said or not said. */
// biome-ignore format: a list of words
export const flagFields = new Set([
  'unique', 'nulls_not_distinct', 'deferrable', 'initdeferred', 'is_no_inherit', 'skip_validation', 'permissive', 'row',
  'isconstraint', 'grant_option', 'is_grant', 'instead', 'is_enforced', 'isTable', 'is_procedure',
])
/** One of a few words: each instead of the other. */
export const choiceFields: Readonly<Record<string, readonly Json[]>> = {
  fk_del_action: ['a', 'c', 'n', 'r'],
  fk_upd_action: ['a', 'c', 'n', 'r'],
  fk_matchtype: ['s', 'f'],
  generated_when: ['a', 'd'],
  generated_kind: ['s', 'v'],
  ordering: ['SORTBY_DEFAULT', 'SORTBY_DESC'],
  withCheckOption: ['NO_CHECK_OPTION', 'LOCAL_CHECK_OPTION', 'CASCADED_CHECK_OPTION'],
  cmd_name: ['all', 'select', 'update'],
  accessMethod: ['btree', 'hash', 'gist', 'brin'],
  relpersistence: ['p', 'u'],
  nulltesttype: ['IS_NULL', 'IS_NOT_NULL'],
  boolop: ['AND_EXPR', 'OR_EXPR'],
  strategy: ['PARTITION_STRATEGY_LIST', 'PARTITION_STRATEGY_RANGE', 'PARTITION_STRATEGY_HASH'],
  // As the server numbers them: before or after; insert, delete, update, truncate.
  timing: [0, 2],
  events: [4, 8, 16, 20],
  event: ['CMD_UPDATE', 'CMD_DELETE', 'CMD_INSERT'],
  contype: ['CONSTR_PRIMARY', 'CONSTR_UNIQUE'],
  identity_type: ['n', 'f', 'd'],
}
/** Names that the object gets: another one is at least cosmetic. */
export const nameFields = new Set([
  'colname',
  'conname',
  'idxname',
  'newname',
  'policy_name',
  'trigname',
  'rulename',
  'newVal',
  'comment',
])
// biome-ignore format: pairs
export const otherOperators: Readonly<Record<string, string>> = {
  '<': '<=', '<=': '<', '>': '>=', '>=': '>', '=': '<>', '<>': '=', '+': '-', '-': '+', '*': '+', '||': '=', '&&': '=',
}
// biome-ignore format: pairs
export const otherTypes: Readonly<Record<string, string>> = {
  int2: 'int4', int4: 'int8', int8: 'int4', text: 'varchar', varchar: 'text', numeric: 'float8', bool: 'int2', float8: 'float4',
  timestamptz: 'timestamp', timestamp: 'timestamptz', date: 'timestamp', jsonb: 'json', uuid: 'text', time: 'timetz', name: 'text',
}
/** What functions and columns are said to be. */
// biome-ignore format: pairs
export const otherWords: Readonly<Record<string, string>> = {
  immutable: 'stable', stable: 'volatile', safe: 'restricted', external: 'main', extended: 'external', pglz: 'lz4', icu: 'builtin',
}
