/** Schemas that are never part of a team's own schema: the server's, and Sankofa's. */
const notTheirs = `space.nspname !~ '^pg_' and space.nspname not in ('information_schema', 'sankofa', 'sankofa_stash')`

/** Condition: the schema in `column` is the team's own. */
export const inTheirSchema = (column: string): string =>
  `${column} in (select space.oid from pg_namespace as space where ${notTheirs})`

/** Condition: no extension brought the object; what an extension brings goes and comes with it. */
export const ofNoExtension = (catalogue: string, oid: string): string => `not exists (
    select from pg_depend as member
     where member.classid = 'pg_catalog.${catalogue}'::regclass and member.objid = ${oid} and member.deptype = 'e')`

/** Privileges as they really are: none given is the same as the default ones given by name. */
export const privileges = (acl: string, kind: string, owner: string): string =>
  `coalesce(${acl}, acldefault('${kind}', ${owner}))::text[]`
