import Type from 'typebox'
import { Value } from 'typebox/value'
import type { App } from '../app.ts'
import { CurrencyCode, PositiveMinorUnits } from '../money.ts'
import { Problem } from '../problem.ts'
import type { Services } from '../services.ts'
import { creditDeposit } from './deposits.ts'
import { isSignedBy, signatureHeader } from './provider.ts'

export const webhookPath = '/webhooks/deposits'

const ChargeBody = Type.Object({
  id: Type.String(),
  event: Type.Literal('charge.success'),
  data: Type.Object({ reference: Type.String({ maxLength: 60 }), amount: PositiveMinorUnits, currency: CurrencyCode }),
})

/** In a scope of its own: here, and only here, the body stays bytes, because that is what the provider signed. */
export function webhookRoutes(app: App, services: Services, secret: string): void {
  app.register((scope, _options, registered) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser(
      'application/json',
      { parseAs: 'buffer', bodyLimit: 64 * 1024 },
      (_request, body, done) => done(null, body),
    )
    scope.post(
      webhookPath,
      {
        schema: {
          summary: 'The provider tells that a deposit was paid',
          response: { 200: Type.Object({ outcome: Type.String() }) },
        },
      },
      async (request) => {
        const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
        if (!isSignedBy(secret, body, request.headers[signatureHeader])) {
          throw new Problem('wrong-signature', `Sign the bytes of the body with HMAC-SHA-512 in ${signatureHeader}.`)
        }
        const told = parse(body)
        const outcome = await creditDeposit(services, {
          provider: 'simulated',
          event: told.event,
          ...told.data,
          amount: BigInt(told.data.amount),
        })
        return { outcome }
      },
    )
    registered()
  })
}

function parse(body: Buffer): Type.Static<typeof ChargeBody> {
  try {
    const told: unknown = JSON.parse(body.toString('utf8'))
    return Value.Parse(ChargeBody, told)
  } catch (error) {
    throw new Problem('bad-request', 'The body is signed, but it is not a charge that this market knows.', {
      cause: error,
    })
  }
}
