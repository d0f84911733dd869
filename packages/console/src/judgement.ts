import { computed } from '@preact/signals'
import type { Verdict } from 'sankofa/console/contract'
import { connection, heardAtMs, nowMs, status } from './state.ts'
import { shortDuration } from './words.ts'

/** What the screen may say: never better than what is known now. */
export type Shown = { readonly verdict: Verdict; readonly sentence: string; readonly detail: string }

export const shown = computed((): Shown => {
  const known = status.value
  if (known === undefined) return { verdict: 'unknown', sentence: 'Nothing is known yet.', detail: '' }
  if (connection.value === 'lost') {
    return {
      verdict: 'unknown',
      sentence: 'Not known now: this page has lost the console.',
      detail: `What you see is ${shortDuration(nowMs.value - heardAtMs.value)} old. It was: “${known.sentence}” The page keeps trying.`,
    }
  }
  return { verdict: known.verdict, sentence: known.sentence, detail: known.detail }
})

export const shownVerdict = computed(() => shown.value.verdict)

/** Milliseconds since the newest measurement, counted on since it was told. */
export const ageMs = computed(() => {
  const age = status.value?.measuring.ageMs ?? null
  return age === null ? null : age + Math.max(0, nowMs.value - heardAtMs.value)
})
