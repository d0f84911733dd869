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
