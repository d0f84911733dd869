import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import Type from 'typebox'

/** Everything that the market refuses on purpose. The code is stable; the detail says what to do. */
const problems = {
  'not-signed-in': { status: 401, title: 'Sign in first' },
  'wrong-sign-in': { status: 401, title: 'E-mail or password is wrong' },
  'wrong-signature': { status: 401, title: 'The signature does not fit the body' },
  'insufficient-funds': { status: 402, title: 'The wallet has too little' },
  'not-found': { status: 404, title: 'There is no such thing' },
  'cart-empty': { status: 409, title: 'The cart is empty' },
  'out-of-stock': { status: 409, title: 'Not enough in stock' },
  'key-reused': { status: 409, title: 'The idempotency key was used for something else' },
  'already-registered': { status: 409, title: 'This e-mail has an account' },
  'amount-mismatch': { status: 422, title: 'The amount is not what was asked for' },
  'bad-request': { status: 400, title: 'The request cannot be read' },
  'too-large': { status: 413, title: 'The body is too large' },
  unsupported: { status: 415, title: 'Send JSON' },
  unexpected: { status: 500, title: 'Something went wrong here' },
  'database-away': { status: 503, title: 'The database does not answer' },
} as const

type ProblemCode = keyof typeof problems

export class Problem extends Error {
  override readonly name = 'Problem'
  readonly code: ProblemCode
  readonly statusCode: number
  constructor(code: ProblemCode, detail: string, options?: ErrorOptions) {
    super(detail, options)
    this.code = code
    this.statusCode = problems[code].status
  }
}

/** RFC 9457. */
const ProblemBody = Type.Object({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.String(),
  instance: Type.String(),
})

/** Every failure leaves as problem details; what was not foreseen is logged, and its text stays inside. */
export function answerProblems(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    const own = route.schema?.response
    route.schema = {
      ...route.schema,
      response: { ...(typeof own === 'object' ? own : {}), '4xx': ProblemBody, '5xx': ProblemBody },
    }
  })
  app.setErrorHandler((error: FastifyError | Problem, request, reply) => {
    const problem = error instanceof Problem ? error : foreseen(error)
    if (problem.statusCode >= 500) request.log.error({ err: error }, 'request failed')
    return send(problem, request, reply)
  })
  app.setNotFoundHandler((request, reply) =>
    send(new Problem('not-found', `Nothing answers ${request.method} here.`), request, reply),
  )
}

function send(problem: Problem, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { title, status } = problems[problem.code]
  return reply
    .code(status)
    .type('application/problem+json')
    .send({
      type: `/problems/${problem.code}`,
      title,
      status,
      detail: problem.message,
      instance: `/requests/${request.id}`,
    })
}

// What pg says when there is nobody to talk to: sockets, start-up and shut-down of the server, a pool that waits too long.
const awayCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOENT',
  'ETIMEDOUT',
  '57P01',
  '57P02',
  '57P03',
  '08006',
  '08001',
])
const awayWords =
  /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error/

function foreseen(error: FastifyError): Problem {
  const code = error.code ?? ''
  if (awayCodes.has(code) || awayWords.test(error.message))
    return new Problem('database-away', 'Try again in a moment; nothing was changed.', { cause: error })
  // A NUL in a text, which PostgreSQL cannot keep: whoever sends it must not make it a failure of ours.
  if (code === '22021')
    return new Problem('bad-request', 'A text holds a character that cannot be kept. Leave it out.', { cause: error })
  if (error.validation !== undefined) return new Problem('bad-request', `${error.message}.`, { cause: error })
  const status = error.statusCode ?? 500
  if (status === 413) return new Problem('too-large', error.message, { cause: error })
  if (status === 415) return new Problem('unsupported', error.message, { cause: error })
  if (status >= 400 && status < 500) return new Problem('bad-request', error.message, { cause: error })
  return new Problem(
    'unexpected',
    'It was noted, with the request id in "instance". Nothing that you paid for is lost.',
    { cause: error },
  )
}
