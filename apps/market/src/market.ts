import { randomUUID } from 'node:crypto'
import cookie from '@fastify/cookie'
import swagger from '@fastify/swagger'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify, { type FastifyBaseLogger, LogController } from 'fastify'
import type pg from 'pg'
import type { Logger } from 'pino'
import { createPool } from 'sankofa/db'
import { requestContext } from 'sankofa/observe'
import type { App } from './app.ts'
import { cartRoutes } from './cart/routes.ts'
import { catalogueRoutes } from './catalogue/routes.ts'
import { checkoutRoutes } from './checkout/routes.ts'
import { type FlagName, faultNames } from './flag-names.ts'
import { createAuth, createAuthPool } from './identity/auth.ts'
import { identityRoutes } from './identity/routes.ts'
import { createSessionReader } from './identity/session.ts'
import { createSubjectReader, rememberSubject } from './identity/subject.ts'
import { orderRoutes } from './order/routes.ts'
import { placesRoutes } from './places.ts'
import { answerProblems } from './problem.ts'
import type { Services } from './services.ts'
import type { Toolkit } from './toolkit.ts'
import { openMarketAccounts } from './wallet/accounts.ts'
import { createSimulatedProvider, type Deliver, type DepositProvider, signatureHeader } from './wallet/provider.ts'
import { walletRoutes } from './wallet/routes.ts'
import { webhookPath, webhookRoutes } from './wallet/webhook.ts'

export type MarketOptions = {
  /** A database that `migrate` has brought up to date. */
  readonly databaseUrl: string
  readonly toolkit: Toolkit
  /** Signs sessions, cookies and the simulated provider's webhooks; at least 32 characters. */
  readonly secret: string
  readonly log: Logger
  /** `off`: the faulty demonstration paths behave like the old ones. */
  readonly faults?: 'on' | 'off'
  readonly chance?: () => number
  /** How long `demo-hang` keeps a client who does not leave; 30 s unless told. */
  readonly hangsAtMostMs?: number
  /** How the simulated provider reaches the webhook; inside the process unless told. */
  readonly deliver?: Deliver
}

export type Market = {
  readonly app: App
  readonly pool: pg.Pool
  readonly provider: DepositProvider
  /** Lets requests end, then closes the connections. */
  close(): Promise<void>
}

const closesWithinMs = 2_500
/** Fastify takes Node's limit away: without one, a body that comes a byte at a time is waited for for ever. */
const requestWithinMs = 30_000

/** The shop as one Fastify app; it does not listen yet. */
export async function buildMarket(options: MarketOptions): Promise<Market> {
  const { toolkit, secret, log, faults = 'on', chance = Math.random } = options
  const own = createPool({ url: options.databaseUrl, max: 16, applicationName: 'market' })
  const pool = toolkit.observePool(own)
  const authPool = createAuthPool(options.databaseUrl)
  const auth = createAuth({ pool: authPool, secret, baseUrl: 'http://127.0.0.1' })
  const sessions = createSessionReader(auth, secret)
  const subjectOf = createSubjectReader(sessions)

  const app: App = Fastify({
    loggerInstance: log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    bodyLimit: 256 * 1024,
    requestTimeout: requestWithinMs,
    forceCloseConnections: 'idle',
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
  }).withTypeProvider<TypeBoxTypeProvider>()
  app.decorateRequest('session', null)
  await app.register(cookie, { secret })
  await toolkit.measure(app, subjectOf)
  answerProblems(app)
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Market', description: 'A shop with wallets, under Sankofa', version: '0.1.0' },
    },
  })

  const deliver: Deliver =
    options.deliver ??
    (async (body, signature) => {
      const headers = { 'content-type': 'application/json', [signatureHeader]: signature }
      return (await app.inject({ method: 'POST', url: webhookPath, headers, payload: body })).statusCode
    })
  const services: Services = {
    pool,
    toolkit,
    accounts: onceDone(() => openMarketAccounts(own)),
    provider: createSimulatedProvider({ secret, deliver, log, chance }),
    chance,
    hangsAtMostMs: options.hangsAtMostMs ?? 30_000,
    async signedIn(request, reply) {
      const user = await sessions.require(request, reply)
      rememberSubject(request, reply, user.id)
      return user
    },
    async takesNewPath(flag: FlagName, request) {
      if (faults === 'off' && (faultNames as readonly string[]).includes(flag)) return false
      return toolkit.isOn(flag, { subject: requestContext()?.subject ?? (await subjectOf(request)) ?? undefined })
    },
  }
  await app.register((scope, _options, done) => {
    const shop = scope as App
    placesRoutes(shop)
    identityRoutes(shop, services, auth, sessions)
    walletRoutes(shop, services)
    webhookRoutes(shop, services, secret)
    catalogueRoutes(shop, services)
    cartRoutes(shop, services)
    checkoutRoutes(shop, services)
    orderRoutes(shop, services)
    shop.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger())
    done()
  })
  await app.ready()

  return {
    app,
    pool: own,
    provider: services.provider,
    async close() {
      services.provider.stop()
      // A request that hangs must not keep the process; the others have had their time by then.
      const impatient = setTimeout(() => app.server.closeAllConnections(), closesWithinMs)
      await app.close()
      clearTimeout(impatient)
      await Promise.all([own.end(), authPool.end()])
    },
  }
}

/** Remembers what `work` gave; when it failed, the next caller tries again. */
function onceDone<T>(work: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined
  return () => {
    running ??= work().catch((error: unknown) => {
      running = undefined
      throw error
    })
    return running
  }
}
