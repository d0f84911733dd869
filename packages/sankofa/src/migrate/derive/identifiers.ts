import type { CatalogueObject } from '../catalogue/catalogue.ts'

/** Words that a name may not be without quotes: all that PostgreSQL's grammar does not call unreserved. */
const keywords: ReadonlySet<string> = new Set(
  `all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean both case cast char
  character check coalesce collate collation column concurrently constraint create cross current_catalog current_date current_role
  current_schema current_time current_timestamp current_user dec decimal default deferrable desc distinct do else end except exists
  extract false fetch float for foreign freeze from full grant greatest group grouping having ilike in initially inner inout int
  integer intersect interval into is isnull join json json_array json_arrayagg json_exists json_object json_objectagg json_query
  json_scalar json_serialize json_table json_value lateral leading least left like limit localtime localtimestamp merge_action
  national natural nchar none normalize not notnull null nullif numeric offset on only or order out outer overlaps overlay
  placing position precision primary real references returning right row select session_user setof similar smallint some substring
  symmetric system_user table tablesample then time timestamp to trailing treat trim true union unique user using values varchar
  variadic verbose when where window with xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi
  xmlroot xmlserialize xmltable`.split(/\s+/),
)

export const quote = (name: string): string =>
  /^[a-z_][a-z0-9_$]*$/.test(name) && !keywords.has(name) ? name : `"${name.replaceAll('"', '""')}"`

export const literal = (text: string): string =>
  text.includes('\\') ? ` E'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'` : `'${text.replaceAll("'", "''")}'`

/** `schema.name`, quoted where it must be. */
export const qualified = ({ schema, ownName }: Pick<CatalogueObject, 'schema' | 'ownName'>): string =>
  schema === undefined ? quote(ownName) : `${quote(schema)}.${quote(ownName)}`

/** The table, view or domain that it is part of. */
export const home = ({ schema = '', on = '' }: CatalogueObject): string =>
  `${quote(schema)}.${quote(on.slice(schema.length + 1))}`

/** As statements about the object name it: `function s.f(integer)`, `trigger g on s.t`. */
export function reference(object: CatalogueObject): string {
  const { kind, ownName, properties } = object
  switch (kind) {
    case 'column':
      return `column ${home(object)}.${quote(ownName)}`
    case 'function': {
      const noun = properties.form === 'p' ? 'procedure' : properties.form === 'a' ? 'aggregate' : 'function'
      const args = properties.form === 'a' && properties.identityArguments === '' ? '*' : properties.identityArguments
      return `${noun} ${qualified(object)}(${args})`
    }
    case 'constraint':
      return `constraint ${quote(ownName)} on ${home(object)}`
    case 'trigger':
    case 'rule':
    case 'policy':
      return `${kind} ${quote(ownName)} on ${home(object)}`
    case 'operator':
      return `operator ${quote(object.schema ?? '')}.${ownName} (${properties.left ?? 'none'}, ${properties.right})`
    case 'operator class':
    case 'operator family':
      return `${kind} ${qualified(object)} using ${quote(String(properties.method))}`
    case 'cast':
      return `cast (${ownName})`
    case 'foreign server':
      return `server ${quote(ownName)}`
    default:
      return `${kind} ${qualified(object)}`
  }
}
