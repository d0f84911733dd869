import type { Status } from 'sankofa/console/contract'
import { Refused, readSeries, whoAmI } from './api.ts'
import { chartMinutes, connection, heardAtMs, me, nowMs, page, series, status } from './state.ts'

const tickMs = 1_000
const seriesEveryMs = 10_000
/** Without a word for so long, the screen says so: the server sends a heartbeat every 10 s. */
export const silenceMs = 25_000

let stream: EventSource | undefined

function heard(): void {
  heardAtMs.value = Date.now()
  connection.value = 'live'
}

export async function refreshSeries(): Promise<void> {
  try {
    series.value = await readSeries(chartMinutes.value)
  } catch (error) {
    if (error instanceof Refused && error.status === 401) showSignIn()
  }
}

function openStream(): void {
  stream?.close()
  stream = new EventSource('/api/stream')
  stream.addEventListener('status', (event) => {
    status.value = JSON.parse(event.data) as Status
    heard()
  })
  stream.addEventListener('heartbeat', heard)
  // The browser connects again by itself unless the server refused; then ask whether the session still holds.
  stream.addEventListener('error', () => {
    connection.value = 'lost'
    if (stream?.readyState === EventSource.CLOSED) setTimeout(() => void enter(), 3_000)
  })
}

export function showSignIn(): void {
  stream?.close()
  stream = undefined
  status.value = undefined
  me.value = undefined
  page.value = 'sign-in'
}

/** Finds out who looks, then keeps the screen live; without a session it asks for one. */
export async function enter(): Promise<void> {
  try {
    me.value = await whoAmI()
    page.value = 'screen'
    openStream()
    await refreshSeries()
  } catch (error) {
    if (error instanceof Refused && error.status === 401) return showSignIn()
    connection.value = 'lost'
    if (page.value === 'loading') page.value = 'no-console'
    setTimeout(() => void enter(), 3_000)
  }
}

export function startTicking(): void {
  setInterval(() => {
    nowMs.value = Date.now()
    if (page.value === 'screen' && Date.now() - heardAtMs.value > silenceMs) connection.value = 'lost'
  }, tickMs)
  setInterval(() => {
    if (page.value === 'screen' && !document.hidden) void refreshSeries()
  }, seriesEveryMs)
}
