/** What a property holds: plain JSON, so that a catalogue can be stored with its proof. */
export type Value = string | number | boolean | null | readonly Value[] | { readonly [key: string]: Value }

export const objectKinds = [
  'schema',
  'extension',
  'table',
  'foreign table',
  'view',
  'materialized view',
  'column',
  'constraint',
  'index',
  'sequence',
  'type',
  'domain',
  'function',
  'trigger',
  'event trigger',
  'rule',
  'policy',
  'default privileges',
  'statistics',
  'operator',
  'operator class',
  'operator family',
  'cast',
  'collation',
  'conversion',
  'text search configuration',
  'text search dictionary',
  'text search parser',
  'text search template',
  'language',
  'access method',
  'foreign data wrapper',
  'foreign server',
  'publication',
] as const
export type ObjectKind = (typeof objectKinds)[number]

/**
 * Where PostgreSQL keeps the object. In one database it stays the same when the object is renamed or moved: a hint for
 * recognising it, of which the comparison and the hash know nothing.
 */
export type Identity = {
  /** The system catalogue, such as `pg_class`. */
  readonly catalogue: string
  readonly oid: number
  /** `attnum` of a column, else 0. */
  readonly sub: number
}

/** One object of a database: a table, one of its columns, an index, a function … */
export type CatalogueObject = {
  readonly kind: ObjectKind
  /** As a person says it: `public.users.phone`, `public.users_email_idx`, `public.total(integer)`. Unique within its kind. */
  readonly name: string
  /** Absent for what has no schema, such as an extension. */
  readonly schema?: string
  /** Its own name, unquoted: `phone`; of a function without the arguments. */
  readonly ownName: string
  /** Name of the table, view or domain that it belongs to and dies with. */
  readonly on?: string
  /** Everything that is compared; absent and `null` are the same. */
  readonly properties: Readonly<Record<string, Value>>
  /** A function's whole definition as the server writes it: all of it is in the properties too, so it is not compared. */
  readonly sql?: string
  readonly identity: Identity
}

/** `object` cannot be without `needs`; both are keys as `identityKey` gives them. */
export type Dependency = readonly [object: string, needs: string]

/** The schema of one database: plain data, without values, oids only as hints. */
export type Catalogue = {
  /** As `server_version_num`: 180004. */
  readonly serverVersion: number
  /** Who read it: what this role creates belongs to it. Not compared. */
  readonly role: string
  readonly objects: readonly CatalogueObject[]
  readonly dependencies: readonly Dependency[]
}

export const identityKey = (identity: Identity): string => `${identity.catalogue} ${identity.oid} ${identity.sub}`
