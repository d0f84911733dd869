import type { FastifyReply, FastifyRequest } from 'fastify'
import type pg from 'pg'
import type { FlagName } from './flag-names.ts'
import type { User } from './identity/session.ts'
import type { Toolkit } from './toolkit.ts'
import type { MarketAccounts } from './wallet/accounts.ts'
import type { DepositProvider } from './wallet/provider.ts'

/** What the routes share. */
export type Services = {
  readonly pool: pg.Pool
  readonly toolkit: Toolkit
  /** Opened by the first who asks, so that the market starts while the database is away. */
  readonly accounts: () => Promise<MarketAccounts>
  readonly provider: DepositProvider
  /** In [0, 1); passed in so that a test can choose. */
  readonly chance: () => number
  /** `demo-hang` ends then, when the client has not left before. */
  readonly hangsAtMostMs: number
  /** @throws Problem `not-signed-in` */
  signedIn(request: FastifyRequest, reply: FastifyReply): Promise<User>
  /** Is the new path of `flag` meant for whoever sent this request? */
  takesNewPath(flag: FlagName, request: FastifyRequest): Promise<boolean>
}
