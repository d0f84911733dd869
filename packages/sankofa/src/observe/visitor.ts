import { randomBytes } from 'node:crypto'
import { fastifyCookie } from '@fastify/cookie'

const name = 'sankofa_s'
const maxAgeS = 400 * 86_400
const sent = new RegExp(`(?:^|;\\s*)${name}=([^;\\s]+)`)

/** Who a visitor without an account is, from the cookie that {@link newVisitor} set; `undefined` when there is none or it is forged. */
export function readVisitor(cookieHeader: string | undefined, secret: string): string | undefined {
  const signed = cookieHeader === undefined ? undefined : sent.exec(cookieHeader)?.[1]
  if (signed === undefined) return undefined
  const { valid, value } = fastifyCookie.unsign(signed, secret)
  return valid && value !== null ? value : undefined
}

export function newVisitor(secret: string, isHttps: boolean): { readonly id: string; readonly setCookie: string } {
  const id = `visitor-${randomBytes(12).toString('base64url')}`
  const secure = isHttps ? '; Secure' : ''
  return {
    id,
    setCookie: `${name}=${fastifyCookie.sign(id, secret)}; Path=/; Max-Age=${maxAgeS}; HttpOnly; SameSite=Lax${secure}`,
  }
}

/** How a gateway tells the services behind it whom it drew a release for. */
export const subjectHeader = 'x-sankofa-subject'

/**
 * On requests of a host to its own releases: counted, and nobody's. A gateway passes it on from nobody, and who reaches the
 * service without one hides only themselves.
 */
export const probeHeader = 'x-sankofa-probe'

/** The value of {@link subjectHeader}: signed, so that nobody outside can choose an arm. */
export const signSubject = (key: string, secret: string): string => fastifyCookie.sign(key, secret)

/** @returns the key that the gateway drew for; `undefined` without a gateway, or when it is forged */
export function readSubject(header: string | string[] | undefined, secret: string): string | undefined {
  if (typeof header !== 'string') return undefined
  const { valid, value } = fastifyCookie.unsign(header, secret)
  return valid && value !== null ? value : undefined
}
