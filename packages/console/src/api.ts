import type { ChangeHistory, ForecastAnswer, Me, Refusal, ReleasesStatus, SignalSeries } from 'sankofa/console/contract'

/** What the server refused, in its own words. */
export class Refused extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

async function ask<T>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<T> {
  const response = await fetch(path, {
    method,
    credentials: 'same-origin',
    headers: { accept: 'application/json', ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  if (response.ok) return (response.status === 204 ? undefined : await response.json()) as T
  const refusal = (await response.json().catch(() => undefined)) as Refusal | undefined
  throw new Refused(response.status, refusal?.message ?? `The console answered ${response.status}.`)
}

const change = (id: string): string => `/api/changes/${encodeURIComponent(id)}`

export const whoAmI = (): Promise<Me> => ask('GET', '/api/me')
export const signIn = (token: string): Promise<Me> => ask('POST', '/api/session', { token })
export const signOut = (): Promise<void> => ask('DELETE', '/api/session')
export const readSeries = (minutes: number): Promise<SignalSeries> => ask('GET', `/api/signals?minutes=${minutes}`)
export const readReleases = (): Promise<ReleasesStatus> => ask('GET', '/api/releases')
export const readHistory = (id: string): Promise<ChangeHistory> => ask('GET', change(id))
export const readForecast = (id: string): Promise<ForecastAnswer> => ask('GET', `${change(id)}/forecast`)
export const request = (id: string, act: 'go' | 'hold' | 'back', reason: string): Promise<{ message: string }> =>
  ask('POST', `${change(id)}/${act}`, { reason })
