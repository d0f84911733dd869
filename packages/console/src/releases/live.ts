import { computed, effect, signal } from '@preact/signals'
import type { ReleasesStatus } from 'sankofa/console/contract'
import { Refused, readReleases } from '../api.ts'
import { showSignIn } from '../live.ts'
import { connection, nowMs, page, status } from '../state.ts'

const everyMs = 2_000
/** A screen that was told nothing for so long knows nothing. */
const silenceMs = 15_000

export const releases = signal<ReleasesStatus | undefined>(undefined)
const heardAtMs = signal(Date.now())
let isReading = false
let again = false

async function refresh(): Promise<void> {
  // What was asked for meanwhile is read once more, not once each.
  if (isReading) {
    again = true
    return
  }
  isReading = true
  try {
    releases.value = await readReleases()
    heardAtMs.value = Date.now()
  } catch (error) {
    if (error instanceof Refused && error.status === 401) showSignIn()
  }
  isReading = false
  if (!again) return
  again = false
  await refresh()
}

/** Keeps the page live while it is open: by the clock, and at once when the journal moved. @returns how to stop */
export function follow(): () => void {
  const timer = setInterval(() => {
    if (page.value === 'screen' && !document.hidden) void refresh()
  }, everyMs)
  const stop = effect(() => {
    if (status.value !== undefined) void refresh()
  })
  return () => {
    clearInterval(timer)
    stop()
  }
}

/** How long ago what is shown was told, by this browser's clock. */
export const toldAgoMs = computed(() => Math.max(0, nowMs.value - heardAtMs.value))
export const isLost = computed(() => connection.value === 'lost' || toldAgoMs.value > silenceMs)

/** The console's own time now: a browser's clock may be off by hours. */
export const serverNowMs = computed(() => Date.parse(releases.value?.at ?? new Date().toISOString()) + toldAgoMs.value)
