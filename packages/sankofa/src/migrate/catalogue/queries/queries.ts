import { extensions, schemas } from './database.ts'
import { comments, dependencies } from './links.ts'
import { columns, constraints, indexes, relations } from './relations.ts'

/** One row, one column `found`: JSON, so that it reads the same whatever type parsers the client has. */
const asList = (query: string): string =>
  `select coalesce(json_agg(entry), '[]')::text as found from (${query}) as entry`

/** Each answers with `found`: the server's version, the dependencies, the comments, then lists of objects. */
export const queries: readonly string[] = [
  `select current_setting('server_version_num') as found`,
  dependencies,
  comments,
  ...[schemas, extensions, relations, columns, constraints, indexes].map(asList),
]
