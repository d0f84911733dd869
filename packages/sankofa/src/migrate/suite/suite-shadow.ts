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
      await bootstrap(pool).finally(() => pool.end())
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

/** A database that a text has made; dropped after `use`. */
export async function withBase<T>(
  { shadow, template }: SuiteShadow,
  sql: string,
  use: (base: ShadowDatabase) => Promise<T>,
): Promise<T> {
  const base = await shadow.clone(template)
  try {
    const client = await base.connect()
    await client.query(sql).finally(() => client.end())
    return await use(base)
  } finally {
    await shadow.drop(base)
  }
}
