import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { Type } from 'typebox'
import { type Clock, changeId, isSankofaError, SankofaError } from '../../core/index.ts'
import type { EngineAnswer, FlaggerAnswer } from './answer.ts'
import type { Door } from './door.ts'
import { flaggerHooks, flaggerSaysYes, isFlaggerHook } from './flagger-hooks.ts'
import type { Look } from './look.ts'

export type EngineParts = {
  readonly look: Look
  readonly door: Door
  readonly clock: Clock
  readonly log: Logger
}

const Asked = Type.Object({
  change: Type.String({ minLength: 1, maxLength: 100 }),
  hash: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9._-]{0,100}$' })),
})
/** What Flagger sends; whatever it may add one day is let through. */
const Payload = Type.Object({
  name: Type.String(),
  namespace: Type.String(),
  phase: Type.String(),
  checksum: Type.Optional(Type.String()),
  metadata: Type.Optional(Type.Record(Type.String(), Type.String())),
})

const flaggerPath = '/v1/flagger/'

/** What deployment engines ask. It changes nothing and is journalled nowhere. */
export async function addEngines(web: FastifyInstance, parts: EngineParts): Promise<void> {
  const { look, door, clock, log } = parts

  const sendProblem = (error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const problem = problemOf(error)
    if (problem.status >= 500) log.warn({ err: error }, 'a deployment engine could not be answered')
    if (problem.waitS !== undefined) reply.header('retry-after', problem.waitS)
    const { code, reason } = problem
    if (request.url.startsWith(flaggerPath)) {
      // Never 5xx or 429: Flagger's client takes those for a fault of the line, tries again and drops the reason.
      const status = problem.status >= 500 || problem.status === 429 ? 403 : problem.status
      const body: FlaggerAnswer = { answer: 'no', reason, verdict: 'wait', culprit: null, change: null, error: code }
      return reply.code(status).send(body)
    }
    const body: EngineAnswer = {
      verdict: 'wait',
      culprit: null,
      reason,
      change: null,
      evidence: null,
      hash: null,
      at: new Date(clock.now()).toISOString(),
      error: code,
    }
    return reply.code(problem.status).send(body)
  }

  await web.register(
    (scope, _options, done) => {
      const app = scope.withTypeProvider<TypeBoxTypeProvider>()
      app.setErrorHandler((error, request, reply) => sendProblem(error, request, reply))
      app.setNotFoundHandler((request, reply) => {
        const problem = 'there is nothing here; ask GET /v1/verdict?change=ID or POST /v1/flagger/HOOK'
        return sendProblem(new SankofaError('ENGINE_REQUEST_WRONG', { problem, status: 404 }), request, reply)
      })

      app.get('/verdict', { schema: { querystring: Asked } }, async (request, reply): Promise<EngineAnswer> => {
        await door.admit(request, bearerOf(request))
        const { rule, answer } = await look(changeId(request.query.change))
        reply.code(rule.status)
        const hash = request.query.hash ?? null
        return rule.situation === 'unknown' ? { ...answer, hash, error: 'CHANGE_UNKNOWN' } : { ...answer, hash }
      })

      app.post('/flagger/:hook', { schema: { body: Payload } }, async (request, reply): Promise<FlaggerAnswer> => {
        const { hook } = request.params as { readonly hook: string }
        const { metadata = {} } = request.body
        if (!isFlaggerHook(hook)) {
          const problem = `Flagger has no hook "${hook.slice(0, 50)}"; there are ${flaggerHooks.join(', ')}`
          throw new SankofaError('ENGINE_REQUEST_WRONG', { problem, status: 404 })
        }
        // Flagger cannot send headers: the token comes with the change, in the metadata.
        await door.admit(request, bearerOf(request) ?? metadata.token)
        const { change } = metadata
        if (change === undefined) {
          if (hook === 'event') return { answer: 'yes', reason: '', verdict: 'wait', culprit: null, change: null }
          const problem = 'the webhook names no change; set metadata.change in the Canary'
          throw new SankofaError('ENGINE_REQUEST_WRONG', { problem, status: 400 })
        }
        const { rule, answer } = await look(changeId(change))
        const yes = flaggerSaysYes(hook, rule)
        reply.code(yes ? 200 : 403)
        const { reason, verdict, culprit } = answer
        return { answer: yes ? 'yes' : 'no', reason, verdict, culprit, change }
      })
      done()
    },
    { prefix: '/v1' },
  )
}

const bearerOf = (request: FastifyRequest): string | undefined =>
  /^Bearer ([\w-]{1,200})$/i.exec(request.headers.authorization ?? '')?.[1]

function problemOf(error: unknown): {
  readonly status: number
  readonly code: string
  readonly reason: string
  readonly waitS?: number
} {
  if (isSankofaError(error)) {
    const { details, code, message: reason } = error
    const status = 'status' in details && typeof details.status === 'number' ? details.status : error.status
    return { status, code, reason, ...('waitS' in details ? { waitS: details.waitS } : {}) }
  }
  const { statusCode = 500, code = 'INTERNAL', message } = error as FastifyError
  if (statusCode < 500) return { status: statusCode, code, reason: message }
  return { status: 503, code: 'INTERNAL', reason: 'The verdict could not be read; the log of the console says why.' }
}
