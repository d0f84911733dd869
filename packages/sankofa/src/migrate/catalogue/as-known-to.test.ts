import { expect, test } from '#harness'
import { asKnownTo, asOfOneVersion } from './as-known-to.ts'
import type { Catalogue, CatalogueObject } from './catalogue.ts'

const object = (
  kind: CatalogueObject['kind'],
  name: string,
  properties: CatalogueObject['properties'],
): CatalogueObject => ({ kind, name, ownName: name, properties, identity: { catalogue: 'pg_class', oid: 1, sub: 0 } })

const catalogue = (serverVersion: number, objects: readonly CatalogueObject[]): Catalogue => ({
  serverVersion,
  role: 'ama',
  objects,
  dependencies: [],
})

const column = object('column', 't.id', { nullable: false, notNullName: 't_id_not_null', place: 1 })
const table = object('table', 't', { privileges: ['ama=arwdDxtm/ama', 'kofi=rm*/ama', '=r/ama'] })
const extension = object('extension', 'citext', { version: '1.8', installedIn: 'public' })
const copy = object('constraint', 't.t_fkey_1', { type: 'f', ofParent: true })
const domain = object('domain', 'word', { nullable: false, notNullName: 'word_there', privileges: ['ama=U/ama'] })
const collation = object('collation', 'german', { provider: 'i', locale: 'de-u-co-phonebk' })

test('what an older server cannot hold is left out, and nothing else', () => {
  const { objects } = asKnownTo(16, catalogue(180_004, [column, table, extension, copy, domain, collation]))

  expect(objects.map(({ properties }) => properties)).toEqual([
    { nullable: false, place: 1 },
    { privileges: ['ama=arwdDxt/ama', 'kofi=r/ama', '=r/ama'] },
    { installedIn: 'public' },
    { type: 'f', ofParent: true },
    { nullable: false, privileges: ['ama=U/ama'] },
    { provider: 'i', locale: 'de-u-co-phonebk' },
  ])
})

test('to its own version and to a newer one a server knows all but which extensions another brings', () => {
  const { objects } = asKnownTo(18, catalogue(180_004, [column, table]))

  expect(objects).toEqual([column, table])
})

test('catalogues of one major version are compared as they are', () => {
  const one = catalogue(160_001, [extension, copy])
  const other = catalogue(160_014, [])

  expect(asOfOneVersion(one, other)).toEqual([one, other])
})

test('of two versions, names that the servers gave by themselves are left out on both sides', () => {
  const found = asOfOneVersion(catalogue(150_018, [copy, collation]), catalogue(180_004, [copy, collation]))

  for (const { objects } of found) expect(objects.map(({ properties }) => properties)).toEqual([{ provider: 'i' }])
})
