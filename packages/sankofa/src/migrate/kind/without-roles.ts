import type { Catalogue } from '../catalogue/catalogue.ts'

/**
 * A catalogue without who owns what and who may do what: a shadow knows none of the live server's roles, and an undo does not
 * depend on them. Of a group itself both are compared, on the shadow.
 */
export const withoutRoles = (catalogue: Catalogue): Catalogue => ({
  ...catalogue,
  objects: catalogue.objects
    .filter(({ kind }) => kind !== 'default privileges')
    .map((object) => {
      const { owner: _owner, privileges: _privileges, ...properties } = object.properties
      return { ...object, properties }
    }),
})
