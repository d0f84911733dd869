import type { Worth } from '../../events/index.ts'
import { formatWorth } from './money.ts'
import { mostWords, usesJargon, wordCount } from './owner-words.ts'
import { counted, percent, type Times, wholeMinutes } from './time.ts'

/** What an owner is told of one incident. Everything here is counted or observed; what is not known is `undefined`. */
export type OwnerStory = {
  readonly words: OwnerWords
  readonly from: Date
  readonly customers: number
  /** `undefined` when no amount is known. */
  readonly worth: readonly Worth[] | undefined
  /** Some of what could not be done carries no amount: `worth` is a lower bound. */
  readonly worthIsLeast: boolean
  readonly now: Date
  readonly state:
    | { readonly is: 'over'; readonly fixedAt: Date; readonly normalForMs: number; readonly toldBefore: boolean }
    | { readonly is: 'still'; readonly why: StillWhy }
}

export type OwnerWords = {
  readonly problem: string
  readonly couldNot: string
  readonly previous: string
  readonly normal: string
}

/** Why it cannot be called over. */
export type StillWhy =
  | { readonly is: 'taking-back' }
  | { readonly is: 'waiting-for-people'; readonly share: number; readonly since: Date }
  | { readonly is: 'not-normal-yet' }
  | { readonly is: 'not-known' }

/** For what no attempt has words for. */
export const plainWords = (service: string, slow: boolean): OwnerWords => ({
  problem: `Problem with ${service}`,
  couldNot: slow ? 'had to wait unusually long' : 'met a page that failed',
  previous: 'the previous version',
  normal: 'visits',
})

/** At most 90 words, none of them jargon, every figure from the story. */
export function ownerText(story: OwnerStory, times: Times): { readonly subject: string; readonly body: string } {
  const text = compose(story, times)
  // Words of a config that never went through the checks: the figures still reach the owner.
  if (!usesJargon(`${text.subject} ${text.body}`) && wordCount(text.body) <= mostWords) return text
  return compose({ ...story, words: plainWords('your service', false) }, times)
}

function compose(story: OwnerStory, times: Times): { readonly subject: string; readonly body: string } {
  const { words, state, now } = story
  const from = times.minute(story.from, now)
  const who = counted(story.customers, 'customer', 'customers')
  if (state.is === 'over') {
    const fixed = times.minute(state.fixedAt, now)
    const headline = `${words.problem}, ${state.toldBefore ? 'now over: fixed' : 'fixed'} at ${fixed}`
    return {
      subject: headline,
      body: `${headline}. From ${from}, ${who} ${harm(story)} Everyone is back on ${words.previous}; ${words.normal} have been normal for ${wholeMinutes(state.normalForMs)}. You: nothing now.`,
    }
  }
  const headline = `${words.problem}, still happening at ${times.minute(now)}`
  return {
    subject: headline,
    body: `${headline}. Since ${from}, ${who} ${harm(story)} ${stillSentence(state.why, words, times, now)} You: nothing now; the next message says when it is over.`,
  }
}

function harm({ words, worth, worthIsLeast }: OwnerStory): string {
  if (worth === undefined) return `${words.couldNot}. What that was worth is not known yet.`
  if (worth.length === 0) return `${words.couldNot}.`
  return `${words.couldNot} worth ${worthIsLeast ? 'at least ' : ''}${formatWorth(worth)}.`
}

function stillSentence(why: StillWhy, words: OwnerWords, times: Times, now: Date): string {
  switch (why.is) {
    case 'taking-back':
      return 'What caused it is being taken back; that is not done yet.'
    case 'waiting-for-people':
      return `What may cause it is still ${why.share === 1 ? 'there for everyone' : `shown to ${percent(why.share)} of customers`}; the developers were asked to decide at ${times.minute(why.since, now)}.`
    case 'not-normal-yet':
      return `Everyone is back on ${words.previous}, but ${words.normal} are not normal yet; the developers know.`
    case 'not-known':
      return `Everyone is back on ${words.previous}. Whether ${words.normal} are normal again is not known yet.`
    default:
      return why satisfies never
  }
}
