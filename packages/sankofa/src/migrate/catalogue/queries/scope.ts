/** Objects of the team have numbers from here on; what initdb made is below. */
export const firstOfTheirs = 16_384

/** Condition: the schema joined as `space` is the team's own; not the server's, not Sankofa's. */
export const theirs = `space.nspname !~ '^pg_' and space.nspname not in ('information_schema', 'sankofa', 'sankofa_stash')`

/** Condition: no extension brought the object; what an extension brings goes and comes with it. */
export const ofNoExtension = (catalogue: string, oid: string): string => `${oid} not in (
    select member.objid from pg_depend as member
     where member.refclassid = 'pg_extension'::regclass and member.classid = '${catalogue}'::regclass and member.deptype = 'e')`

/** Privileges as they really are: none given is the same as the default ones given by name. */
export const privileges = (acl: string, kind: string, owner: string): string =>
  `coalesce(${acl}, acldefault('${kind}', ${owner}))::text[]`
