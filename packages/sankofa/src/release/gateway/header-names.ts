/** What the gateway does with a header of a request, told by its name. */
export type Handling =
  | 'pass'
  /** Belongs to one connection, or is said anew by the gateway. */
  | 'drop'
  /** Believed from a trusted proxy only. */
  | 'forwarded'
  | 'host'
  | 'content-length'
  | 'transfer-encoding'
  | 'tracestate'

const handled: Readonly<Record<string, Handling>> = {
  connection: 'drop',
  'keep-alive': 'drop',
  'proxy-connection': 'drop',
  'proxy-authorization': 'drop',
  te: 'drop',
  trailer: 'drop',
  upgrade: 'drop',
  'http2-settings': 'drop',
  expect: 'drop',
  cookie: 'drop',
  traceparent: 'drop',
  'x-request-id': 'drop',
  'x-forwarded-for': 'drop',
  'x-forwarded-proto': 'drop',
  'x-forwarded-host': 'drop',
  forwarded: 'forwarded',
  'x-real-ip': 'forwarded',
  host: 'host',
  'content-length': 'content-length',
  'transfer-encoding': 'transfer-encoding',
  tracestate: 'tracestate',
}

// By the name as it was written, so that a name is put into lower case once. Bounded, because anybody may invent names.
const seen = new Map<string, Handling>()
const seenAtMost = 1_000

export function handlingOf(name: string): Handling {
  return seen.get(name) ?? learn(name)
}

function learn(name: string): Handling {
  // Some servers take `_` for `-`, so that `x_sankofa_subject` would reach a service as ours.
  const plain = name.toLowerCase().replaceAll('_', '-')
  const isAlike = plain !== name.toLowerCase()
  const handling = Object.hasOwn(handled, plain) ? handled[plain] : undefined
  const isOurs = plain.startsWith('x-sankofa-')
  // `content_length` says nothing to our parser: taken for the length of a body that never comes, it would hold a request for ever.
  const known = isAlike && handling !== undefined && handling !== 'forwarded' ? 'drop' : handling
  const learnt = isOurs ? 'drop' : (known ?? (plain.startsWith('x-forwarded-') ? 'forwarded' : 'pass'))
  if (seen.size < seenAtMost) seen.set(name, learnt)
  return learnt
}

const keptAlways = new Set(['host', 'content-length', 'transfer-encoding', 'cookie', 'authorization'])
const plainConnection = /^(?:keep-alive|close|upgrade)$/i

/** The headers that a `Connection` header declares to belong to this connection; never those that say where a message ends. */
export function namedInConnection(connection: string | undefined): ReadonlySet<string> | undefined {
  if (connection === undefined || plainConnection.test(connection)) return undefined
  const names = connection
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
  return new Set(names.filter((name) => name !== '' && !keptAlways.has(name)))
}
