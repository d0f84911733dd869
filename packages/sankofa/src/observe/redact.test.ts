import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { createLog } from './log.ts'
import { redactText } from './redact.ts'

const lineOf = (write: (log: ReturnType<typeof createLog>) => void): string => {
  const stream = new PassThrough()
  write(createLog({ service: 'shop', release: 'r1', destination: stream }))
  return String(stream.read() ?? '')
}

const secrets = {
  authorization: 'Bearer abcdefgh12345678',
  cookie: 'session=planted-cookie',
  'set-cookie': 'session=planted-set-cookie',
  password: 'planted-password',
  newPassword: 'planted-new-password',
  access_token: 'planted-token',
  apiKey: 'planted-api-key',
  cardNumber: 'planted-card-number',
  cvv: 'planted-cvv',
}

test('no planted secret reaches a line, however deep it is', () => {
  const line = lineOf((log) =>
    log.info({ body: { list: [{ ...secrets }] }, headers: secrets, map: new Map(Object.entries(secrets)) }, 'request'),
  )

  for (const secret of Object.values(secrets)) expect(line).not.toContain(secret)
  expect(line).toContain('"msg":"request"')
  expect(line.match(/\[redacted\]/g)).toHaveLength(3 * Object.keys(secrets).length)
})

test('card numbers and tokens are taken out of texts, messages and errors', () => {
  const error = new Error('card 4111 1111 1111 1111 was refused', { cause: new Error('POST /pay?token=planted1&x=1') })
  const line = lineOf((log) =>
    log.error(
      {
        err: error,
        note: 'password: "planted2" Authorization: Bearer planted3planted3',
        pan: 5555555555554444,
        raw: 4012888888881881n,
      },
      'paid with 5555-5555-5555-4444',
    ),
  )

  for (const secret of ['4111', '5555', '1881', 'planted']) expect(line).not.toContain(secret)
  expect(JSON.parse(line)).toMatchObject({
    msg: 'paid with [redacted]',
    err: {
      type: 'Error',
      message: 'card [redacted] was refused',
      cause: { message: 'POST /pay?token=[redacted]&x=1' },
    },
  })
})

test.each([
  ['a passphrase with spaces', '{"password":"correct planted-1 battery"}', '{"password":"[redacted]"}'],
  ['JSON inside JSON', '{\\"password\\":\\"planted-1\\"}', '{\\"password\\":\\"[redacted]\\"}'],
  ['a scheme before a secret', 'authorization: Token planted-1', 'authorization: [redacted]'],
  ['Basic authorization', 'Authorization: Basic cGxhbnRlZC0x', 'Authorization: [redacted]'],
  ['every cookie of a header', 'Cookie: a=b; session=planted-1\nhost: x', 'Cookie: [redacted]\nhost: x'],
  ['a password in a URL', 'postgres://app:planted-1@db:5432/x is away', 'postgres://[redacted]@db:5432/x is away'],
  ['a short word for one', 'pwd=planted-1&otp=1234', 'pwd=[redacted]&otp=[redacted]'],
  ['a JSON web token', 'jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.planted-1', 'jwt [redacted]'],
])('a text loses %s', (_what, text, expected) => {
  expect(redactText(text)).toBe(expected)
})

test('no way of writing a line keeps a secret', () => {
  const leaking = new Error('password=planted-1')

  const lines = [
    lineOf((log) => log.error(leaking)),
    lineOf((log) => log.error({ err: leaking })),
    lineOf((log) => log.info('sent %j', { password: 'planted-2' })),
    lineOf((log) => log.info({ n: 1 }, 'sent %s', 'token=planted-3')),
    lineOf((log) => log.child({ token: 'planted-4', url: '/?token=planted-5' }).child({ n: 2 }).info('a child')),
  ]

  expect(lines.join('')).not.toContain('planted')
  expect(lines.map((line) => JSON.parse(line).msg)).toEqual([
    'password=[redacted]',
    'password=[redacted]',
    'sent {"password":"[redacted]"}',
    'sent token=[redacted]',
    'a child',
  ])
})

test('what only looks like a secret stays', () => {
  const line = lineOf((log) =>
    log.info(
      { route: 'GET /pins', atMs: 1795412952598, amount: 4111111111111112n.toString(), shipping: 'Accra' },
      'request 1795412952598',
    ),
  )

  expect(JSON.parse(line)).toMatchObject({
    route: 'GET /pins',
    atMs: 1795412952598,
    amount: '4111111111111112',
    shipping: 'Accra',
    msg: 'request 1795412952598',
  })
})

test('a text of a hundred thousand characters is read in linear time', () => {
  const startMs = performance.now()
  redactText('token '.repeat(20_000) + '4'.repeat(100_000))
  redactText('password="'.repeat(10_000))
  redactText('eyJ-'.repeat(25_000))
  redactText('cookie: '.repeat(12_000))
  redactText('postgres://a:'.repeat(8_000))
  expect(performance.now() - startMs).toBeLessThan(1_000)
})
