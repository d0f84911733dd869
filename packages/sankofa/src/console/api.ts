import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type pg from 'pg'
import type { Logger } from 'pino'
import { Type } from 'typebox'
import { type Clock, changeId, SankofaError } from '../core/index.ts'
import { type Journal, requestBack, requestGo, requestHold } from '../journal/index.ts'
import type { ConsoleAttempt } from './attempts.ts'
import { readSeries } from './chart-series.ts'
import type { Me } from './contract.ts'
import { forecastWithoutControl, readForecast } from './forecast.ts'
import { readHistory } from './history.ts'
import type { JournalView } from './journal-view.ts'
import type { Known } from './keep-known.ts'
import type { KnownStatus } from './known-status.ts'
import type { Measured } from './measured.ts'
import type { ReleasesStatus } from './releases/contract.ts'
import { closedWindowS } from './status.ts'
import type { Stream } from './stream.ts'

export type ApiParts = {
  readonly pool: pg.Pool
  readonly journal: Journal
  readonly view: JournalView
  readonly measured: Measured
  readonly known: KnownStatus
  readonly releases: Known<ReleasesStatus>
  readonly stream: Stream
  readonly attempts: readonly ConsoleAttempt[]
  readonly service: string
  readonly clock: Clock
  readonly log: Logger
  /** @throws SankofaError `CONSOLE_SIGN_IN` */
  signedIn(request: FastifyRequest): Promise<string>
}

const ChangeParams = Type.Object({ id: Type.String({ minLength: 1, maxLength: 100 }) })
const Reason = Type.Object({ reason: Type.Optional(Type.String({ maxLength: 500 })) }, { additionalProperties: false })
const Minutes = Type.Object({ minutes: Type.Optional(Type.String({ pattern: '^[0-9]{1,4}$' })) })

/** What a person who is signed in may read and ask. Nothing here acts: a request is appended, and the watcher does it. */
export function addApi(fastify: FastifyInstance, parts: ApiParts): void {
  const app = fastify.withTypeProvider<TypeBoxTypeProvider>()
  const { pool, journal, known, stream, attempts, clock } = parts

  app.get('/api/me', async (request): Promise<Me> => ({ name: await parts.signedIn(request), service: parts.service }))

  app.get('/api/status', async (request) => {
    await parts.signedIn(request)
    return known.read()
  })

  app.get('/api/releases', async (request) => {
    await parts.signedIn(request)
    return parts.releases.read()
  })

  app.get('/api/signals', { schema: { querystring: Minutes } }, async (request) => {
    await parts.signedIn(request)
    const minutes = Number(request.query.minutes ?? 60)
    const closedS = closedWindowS(clock.now())
    if (parts.measured.readUntilS() < closedS) await known.read()
    return readSeries(parts.measured, { minutes, closedS, marks: parts.view.marks() })
  })

  app.get('/api/changes/:id', { schema: { params: ChangeParams } }, async (request) => {
    await parts.signedIn(request)
    const history = await readHistory(pool, changeId(request.params.id))
    if (history.records.length === 0) {
      const names = parts.view.states().map((state) => state.change)
      throw new SankofaError('CHANGE_UNKNOWN', { change: request.params.id, known: names })
    }
    return history
  })

  app.get('/api/changes/:id/forecast', { schema: { params: ChangeParams } }, async (request) => {
    await parts.signedIn(request)
    const asked = parts.view.states().find((state) => state.change === request.params.id)
    if (asked?.control === 'none') return forecastWithoutControl
    return readForecast(pool, { attempts: attempts.map((attempt) => attempt.name), nowMs: clock.now() })
  })

  app.post('/api/changes/:id/go', { schema: { params: ChangeParams, body: Reason } }, async (request, reply) => {
    const actor = await parts.signedIn(request)
    await requestGo(journal, { change: request.params.id, actor })
    return accepted(
      request.params.id,
      actor,
      'go',
      reply,
      'Asked. It goes out within seconds, once its undo is proved.',
    )
  })

  app.post('/api/changes/:id/hold', { schema: { params: ChangeParams, body: Reason } }, async (request, reply) => {
    const actor = await parts.signedIn(request)
    const reason = request.body.reason || 'asked in the console'
    await requestHold(journal, { change: request.params.id, actor, reason })
    return accepted(request.params.id, actor, 'hold', reply, 'Asked. It stays where it is within seconds.')
  })

  app.post('/api/changes/:id/back', { schema: { params: ChangeParams, body: Reason } }, async (request, reply) => {
    const actor = await parts.signedIn(request)
    const reason = request.body.reason || 'asked in the console'
    await requestBack(journal, { change: request.params.id, actor, reason })
    return accepted(request.params.id, actor, 'back', reply, 'Asked. It is taken back from everyone within seconds.')
  })

  app.get('/api/stream', async (request, reply) => {
    await parts.signedIn(request)
    if (stream.isFull()) throw new SankofaError('CONSOLE_BUSY', { clients: stream.clients() })
    const headers = Object.entries(reply.getHeaders()).filter(([, value]) => value !== undefined)
    reply.hijack()
    reply.raw.writeHead(200, {
      ...Object.fromEntries(headers),
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    })
    const stillAllowed = async (): Promise<boolean> => (await parts.signedIn(request)) !== ''
    stream.add(reply.raw, stillAllowed)
  })

  type Reply = { code(status: number): unknown }
  function accepted(change: string, actor: string, act: string, reply: Reply, message: string): { message: string } {
    parts.log.info({ change, actor, act }, 'asked in the console')
    stream.tell()
    reply.code(202)
    return { message }
  }
}
