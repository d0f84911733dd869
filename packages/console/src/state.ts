import { signal } from '@preact/signals'
import type { Me, SignalSeries, Status } from 'sankofa/console/contract'

export type Page = 'loading' | 'sign-in' | 'screen' | 'no-console'
export type Connection = 'connecting' | 'live' | 'lost'
/** What a person is being asked to confirm, in the row of the change. */
export type Asking = { readonly change: string; readonly act: 'go' | 'hold' | 'back' }

/** Id of the button that opens a question: where the focus returns to. */
export const openerId = (change: string, act: Asking['act']): string => `${act}-${change}`

export const page = signal<Page>('loading')
export const me = signal<Me | undefined>(undefined)
export const status = signal<Status | undefined>(undefined)
export const series = signal<SignalSeries | undefined>(undefined)
export const chartMinutes = signal(60)
export const connection = signal<Connection>('connecting')
/** When the console was last heard, by this browser's clock. */
export const heardAtMs = signal(0)
export const nowMs = signal(Date.now())
export const asking = signal<Asking | undefined>(undefined)
/** What became of the last request of a person, by change. */
export const answers = signal<ReadonlyMap<string, { readonly ok: boolean; readonly words: string }>>(new Map())
export const openHistory = signal<string | undefined>(undefined)

export function answer(change: string, ok: boolean, words: string): void {
  answers.value = new Map(answers.value).set(change, { ok, words })
}
