import { createHmac } from 'node:crypto'
import type pg from 'pg'
import sql from 'sql-template-tag'
import { firstNames, lastNames } from './catalogue.ts'

/** What all seeded customers sign in with. They exist in demonstrations only. */
export const seedPassword = 'sankofa demonstration'

export type SeedCustomer = {
  readonly id: string
  readonly name: string
  readonly email: string
  readonly token: string
}

/** The same secret gives the same customers and the same sessions, in every process. */
export function seedCustomers(n: number, secret: string): readonly SeedCustomer[] {
  return Array.from({ length: n }, (_, index) => {
    const id = `customer-${String(index + 1).padStart(5, '0')}`
    const first = firstNames[index % firstNames.length] ?? 'Ama'
    const last = lastNames[Math.floor(index / firstNames.length) % lastNames.length] ?? 'Mensah'
    const token = createHmac('sha256', secret).update(`session of ${id}`).digest('base64url')
    return { id, name: `${first} ${last}`, email: `${id}@example.com`, token }
  })
}

/** The session cookie as better-auth signs it: the token and its HMAC-SHA-256 in base64. */
export function sessionCookie(token: string, secret: string): { readonly name: string; readonly value: string } {
  const signature = createHmac('sha256', secret).update(token).digest('base64')
  return { name: 'better-auth.session_token', value: encodeURIComponent(`${token}.${signature}`) }
}

/** Users, their password, a session for each, and wallets; all of it set by set. */
export async function writeCustomers(
  client: pg.ClientBase,
  customers: readonly SeedCustomer[],
  passwordHash: string,
): Promise<void> {
  const ids = customers.map((customer) => customer.id)
  await client.query(sql`
    insert into auth."user" ("id", "name", "email", "emailVerified")
    select seeded.id, seeded.name, seeded.email, true
      from unnest(${ids}::text[], ${customers.map((customer) => customer.name)}::text[], ${customers.map((customer) => customer.email)}::text[])
        as seeded (id, name, email)
    on conflict ("id") do nothing`)
  await client.query(sql`
    insert into auth."account" ("id", "accountId", "providerId", "userId", "password", "updatedAt")
    select seeded.id || '-password', seeded.id, 'credential', seeded.id, ${passwordHash}::text, now()
      from unnest(${ids}::text[]) as seeded (id)
    on conflict ("id") do nothing`)
  await client.query(sql`
    insert into auth."session" ("id", "expiresAt", "token", "updatedAt", "userId")
    select seeded.id || '-session', now() + interval '30 days', seeded.token, now(), seeded.id
      from unnest(${ids}::text[], ${customers.map((customer) => customer.token)}::text[]) as seeded (id, token)
    on conflict ("id") do update set "expiresAt" = excluded."expiresAt", "token" = excluded."token"`)
  await client.query(sql`
    insert into ledger.account (owner, name, currency, minimum)
    select 'user:' || seeded.id, 'wallet', currency.code, 0
      from unnest(${ids}::text[]) as seeded (id)
     cross join (values ('NGN'), ('USD')) as currency (code)
    on conflict (owner, name, currency) do nothing`)
  await client.query(sql`
    insert into ledger.account (owner, name, currency, minimum, holds_for)
    select account.owner, 'wallet:held', account.currency, 0, account.id
      from ledger.account as account
      join unnest(${ids}::text[]) as seeded (id) on account.owner = 'user:' || seeded.id
     where account.name = 'wallet'
    on conflict do nothing`)
  await client.query(sql`
    insert into market.wallet (user_id, currency, account_id)
    select seeded.id, account.currency, account.id
      from unnest(${ids}::text[]) as seeded (id)
      join ledger.account as account on account.owner = 'user:' || seeded.id and account.name = 'wallet'
    on conflict (user_id, currency) do nothing`)
}
