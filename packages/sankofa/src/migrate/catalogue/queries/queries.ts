import { policies, rules, statistics, triggers } from './attached.ts'
import * as whole from './database.ts'
import { comments, dependencies, notNulls, standIns } from './links.ts'
import * as rare from './rare.ts'
import { columns, constraints, indexes, relations } from './relations.ts'
import { routines } from './routines.ts'
import { firstOfTheirs, ofNoExtension } from './scope.ts'
import { sequences, types } from './types.ts'

/** One row, one column `found`: JSON, so that it reads the same whatever type parsers the client has. */
const asList = (query: string): string =>
  `select coalesce(json_agg(entry), '[]')::text as found from (${query}) as entry`

/** What few schemas have, by where the server keeps it: asked for only where there is some, as asking costs 0.5 ms each. */
const rareOnes: readonly (readonly [catalogue: string, query: string, condition?: string])[] = [
  ['pg_rewrite', rules, `found.rulename <> '_RETURN'`],
  ['pg_statistic_ext', statistics],
  ['pg_event_trigger', whole.eventTriggers],
  ['pg_default_acl', whole.defaultPrivileges],
  ['pg_language', whole.languages],
  ['pg_am', whole.accessMethods],
  ['pg_foreign_data_wrapper', whole.foreignDataWrappers],
  ['pg_foreign_server', whole.foreignServers],
  ['pg_publication', whole.publications],
  ['pg_operator', rare.operators],
  ['pg_opclass', rare.operatorClasses],
  ['pg_opfamily', rare.operatorFamilies],
  ['pg_cast', rare.casts],
  ['pg_collation', rare.collations],
  ['pg_conversion', rare.conversions],
  ['pg_ts_config', rare.textSearchConfigurations],
  ['pg_ts_dict', rare.textSearchDictionaries],
  ['pg_ts_parser', rare.textSearchParsers],
  ['pg_ts_template', rare.textSearchTemplates],
]

const someOf = ([catalogue, , condition = 'true']: (typeof rareOnes)[number]): string =>
  `exists (select from ${catalogue} as found where found.oid >= ${firstOfTheirs} and ${condition} and ${ofNoExtension(catalogue, 'found.oid')})`

/** Answers with `found`, one each: version and role, which rare ones there are, four links, then lists of objects. */
export const queries: readonly string[] = [
  `select json_build_array(current_setting('server_version_num')::int, current_user)::text as found`,
  `select json_build_array(${rareOnes.map(someOf).join(',\n')})::text as found`,
  dependencies,
  standIns,
  comments,
  notNulls,
  ...[whole.schemas, whole.extensions, relations, columns, constraints, indexes, sequences, types, routines].map(
    asList,
  ),
  ...[triggers, policies].map(asList),
]

/** The lists that `queries` left out. */
export const rareQueries = (there: readonly boolean[]): readonly string[] =>
  rareOnes.filter((_, index) => there[index]).map(([, query]) => asList(query))
