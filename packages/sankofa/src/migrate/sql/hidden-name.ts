/** A column that a step has dropped, and that the stash keeps where it was, has a name that begins like this. */
export const hiddenPrefix = 'sankofa_hidden_'

/** Condition: a column is the team's own, by its name in `pg_attribute`. */
export const notHidden = (name: string): string => `not pg_catalog.starts_with(${name}::text, '${hiddenPrefix}')`
