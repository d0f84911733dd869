import { bootstrap, createPool } from '../../db/index.ts'
import type { Shadow, ShadowDatabase } from '../shadow/shadow.ts'
import { withShadow } from '../shadow/shadow.ts'

/** A shadow that stays open for a whole test file, and a database on it that has Sankofa's own schema. */
export type SuiteShadow = { readonly shadow: Shadow; readonly template: ShadowDatabase; close(): Promise<void> }

/** What is not the migration's. */
export const ignore = ['sankofa', 'sankofa_stash'] as const

export function openSuiteShadow(url: string): Promise<SuiteShadow> {
  return new Promise((resolve, reject) => {
    const { promise: until, resolve: end } = Promise.withResolvers<void>()
    const done = withShadow({ url }, async (shadow) => {
      const template = await shadow.create()
      const pool = createPool({ url: template.url, max: 1, applicationName: 'sankofa-suite' })
      await bootstrap(pool, { only: ['0009_stash'] }).finally(() => pool.end())
      const close = (): Promise<void> => {
        end()
        return done
      }
      resolve({ shadow, template, close })
      return until
    })
    done.catch(reject)
  })
}

async function makeBase({ shadow, template }: SuiteShadow, sql: string): Promise<ShadowDatabase> {
  const base = await shadow.clone(template)
  const client = await base.connect()
  await client.query(sql).finally(() => client.end())
  return base
}

/** A database that a text has made; dropped after `use`. */
export async function withBase<T>(
  opened: SuiteShadow,
  sql: string,
  use: (base: ShadowDatabase) => Promise<T>,
): Promise<T> {
  const base = await makeBase(opened, sql)
  try {
    return await use(base)
  } finally {
    await opened.shadow.drop(base)
  }
}

/**
 * The same for bases that are left as they are: one that several cases begin with is made once, and dropped after the last.
 *
 * @param texts - SQL of the base of every case that will ask
 */
export function shareBases(texts: readonly string[]): typeof withBase {
  const asking = new Map<string, number>()
  for (const sql of texts) asking.set(sql, (asking.get(sql) ?? 0) + 1)
  const made = new Map<string, Promise<ShadowDatabase>>()
  return async (opened, sql, use) => {
    const making = made.get(sql) ?? makeBase(opened, sql)
    made.set(sql, making)
    try {
      return await use(await making)
    } finally {
      const left = (asking.get(sql) ?? 1) - 1
      asking.set(sql, left)
      if (left === 0) await making.then((base) => opened.shadow.drop(base))
    }
  }
}
