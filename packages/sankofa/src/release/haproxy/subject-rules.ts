import type { KeySource } from '../gateway/subject.ts'

const base64 = (text: string): string => Buffer.from(text).toString('base64')
const unlessKnown = 'unless { var(txn.key) -m found }'

/**
 * Rules that find the key of a request as `gateway/subject.ts` does (a configured header or cookie, else the signed visitor
 * cookie, else a newcomer with a new one), sign it for the service, and set `txn.subject`, for which is drawn.
 */
export function whoAsks(secret: string, keyFrom: readonly KeySource[]): string {
  const hmac = `hmac(sha256,${base64(secret)})`
  const configured = keyFrom.flatMap((source) => {
    const name = 'cookie' in source ? source.cookie : source.header.toLowerCase()
    const value = 'cookie' in source ? `req.cook(${name})` : `req.fhdr(${name})`
    const hashed = `str(${base64(`${name}\n`)}),b64dec,concat(,txn.value,),${hmac},bytes(0,18),ub64enc`
    return [
      `set-var(txn.value) ${value}`,
      `set-var-fmt(txn.key) "key-%[${hashed}]" if !{ var(txn.key) -m found } { ${value} -m len ge 1 }`,
    ]
  })
  return [
    ...configured,
    `set-var(txn.visitor) req.cook(sankofa_s)`,
    // Base64 of 32 bytes: 43 characters without the padding, which @fastify/cookie leaves out.
    `set-var(txn.visitor_signature) var(txn.visitor),field(1,.),${hmac},base64,bytes(0,43)`,
    `set-var(txn.key) var(txn.visitor),field(1,.) if !{ var(txn.key) -m found } { var(txn.visitor),field(2,.),strcmp(txn.visitor_signature) eq 0 }`,
    `set-var(txn.newcomer) bool(true) ${unlessKnown}`,
    `set-var-fmt(txn.key) "visitor-%[uuid(),regsub(-,,g)]" ${unlessKnown}`,
    `set-var(txn.signature) var(txn.key),${hmac},base64,bytes(0,43)`,
    `set-var(txn.subject) var(txn.key),${hmac},bytes(0,8),hex,lower`,
    `set-header x-sankofa-subject "%[var(txn.key)].%[var(txn.signature)]"`,
    `set-var(txn.secure) str("; Secure") if https`,
    `set-var-fmt(txn.cookie) "sankofa_s=%[var(txn.key)].%[var(txn.signature)]" if { var(txn.newcomer) -m bool }`,
    // First, because a forged one may be among the others, and the first of a name counts.
    `set-header cookie "%[var(txn.cookie)]; %[req.fhdr(cookie)]" if { var(txn.newcomer) -m bool } { req.fhdr(cookie) -m found }`,
    `set-header cookie "%[var(txn.cookie)]" if { var(txn.newcomer) -m bool } !{ req.fhdr(cookie) -m found }`,
  ]
    .map((rule) => `  http-request ${rule}`)
    .concat(
      `  http-response add-header set-cookie "%[var(txn.cookie)]; Path=/; Max-Age=34560000; HttpOnly; SameSite=Lax%[var(txn.secure)]" if { var(txn.newcomer) -m bool }`,
    )
    .join('\n')
}
