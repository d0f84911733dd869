import type { ChangeStatus, CulpritStory, Measuring, SignalStatus, Verdict } from './contract.ts'
import { reachOf } from './reach.ts'
import { ago, customers, duration, list } from './words.ts'

/** Older than this, the measurements say nothing about now: four windows and some jitter. */
export const staleMs = 45_000

export type Judged = { readonly verdict: Verdict; readonly sentence: string; readonly detail: string }

/** What the first sentence rests on. */
export type Known = {
  readonly changes: readonly ChangeStatus[]
  readonly signals: readonly SignalStatus[]
  readonly measuring: Measuring
  readonly story: CulpritStory | null
  /** Whether the measurements since the undo are back within their limits; `undefined` while there are too few. */
  readonly normalAgain: boolean | undefined
  readonly nowMs: number
}

/** One sentence for the whole house. Missing data is never good news, and harm is told before anything else. */
export function judge(known: Known): Judged {
  return unknown(known) ?? culpritNamed(known) ?? beyondLimits(known) ?? goingOut(known) ?? quiet(known)
}

const isOut = (change: ChangeStatus): boolean => change.state === 'exposed' || change.state === 'bake'

function unknown({ measuring, changes }: Known): Judged | undefined {
  const out = changes.filter(isOut)
  if (measuring.ageMs === null) {
    return {
      verdict: 'unknown',
      sentence: 'Not known yet: nothing has been measured.',
      detail: 'Once the service answers requests, the first figures are here within 20 s.',
    }
  }
  if (measuring.ageMs > staleMs) {
    return {
      verdict: 'unknown',
      sentence: `Not known: nothing has been measured for ${duration(measuring.ageMs)}.`,
      detail: 'Look whether the service runs and reaches its database. What you see below is from before.',
    }
  }
  if (!measuring.watching && out.length > 0) {
    return {
      verdict: 'unknown',
      sentence: `Not known: nobody judges ${out.length === 1 ? 'the change that is' : 'the changes that are'} out.`,
      detail:
        'No watcher runs, so nothing is taken back by itself. Run “npx sankofa watch”; Back here waits until then.',
    }
  }
  return undefined
}

function culpritNamed({ story, normalAgain, changes, signals, nowMs }: Known): Judged | undefined {
  if (story === null) return undefined
  const hurt = story.harmed === 0 ? 'hurt customers' : `hurt ${customers(story.harmed)}`
  if (story.undoneAt === null) {
    const held = changes.find((change) => change.id === story.change)?.held ?? null
    return {
      verdict: 'hurting',
      sentence:
        held === null
          ? `${story.change} is hurting customers and is being taken back.`
          : `${story.change} is hurting customers, and a person must decide.`,
      detail: held === null ? story.happened : `${held.reason} ${held.ask}`,
    }
  }
  const since = ago(nowMs - Date.parse(story.undoneAt))
  if (normalAgain === true) {
    return {
      verdict: 'recovered',
      sentence: `${story.change} ${hurt} and was taken back ${since}. All is normal again.`,
      detail: 'You need to do nothing now. Its author finds the evidence below.',
    }
  }
  return {
    verdict: 'hurting',
    sentence: `${story.change} ${hurt} and was taken back ${since}.`,
    detail:
      normalAgain === undefined
        ? 'Whether all is normal again is known within half a minute.'
        : `But ${wordsBeyond(signals) || 'not every signal is back within its limit'}: something else may be wrong too.`,
  }
}

const beyondWords: Readonly<Record<SignalStatus['name'], string>> = {
  failed: 'more requests fail than usual',
  slow: 'requests are slower than usual',
  completed: 'fewer customers complete what they begin than usual',
  value: 'less money comes in than usual',
}

/** Empty when nothing is. The money that comes in swings by itself: it is shown with its limit, but alone it says nothing. */
const wordsBeyond = (signals: readonly SignalStatus[]): string =>
  list(
    signals
      .filter((signal) => signal.state === 'beyond' && signal.name !== 'value')
      .map((signal) => beyondWords[signal.name]),
  )

function beyondLimits({ signals, changes }: Known): Judged | undefined {
  const said = wordsBeyond(signals)
  if (said === '') return undefined
  const out = changes.filter(isOut)
  return {
    verdict: 'hurting',
    sentence: `${said.charAt(0).toUpperCase()}${said.slice(1)}, and no change is named for it.`,
    detail:
      out.length === 0
        ? 'Nothing is going out, so look at the service, its host and its database.'
        : `${list(out.map((change) => change.id))} ${out.length === 1 ? 'is' : 'are'} out. The evidence so far is not enough against any; you may take one back.`,
  }
}

function goingOut({ changes }: Known): Judged | undefined {
  const out = changes.filter(isOut)
  const held = out.filter((change) => change.held !== null)
  const [first, ...others] = held.length > 0 ? held : out
  if (first === undefined) return undefined
  if (first.held !== null) {
    return {
      verdict: 'watching',
      sentence: `${others.length === 0 ? first.id : `${held.length} changes`} ${others.length === 0 ? 'is' : 'are'} held, and a person must decide.`,
      detail: `${first.held.reason} ${first.held.ask}`,
    }
  }
  const sentence =
    others.length === 0
      ? `${first.id} ${reachOf(first.kind).is(first.share)}, and nobody is worse off so far.`
      : `${out.length} changes are out, and nobody is worse off so far.`
  return { verdict: 'watching', sentence, detail: others.length === 0 ? first.wait : '' }
}

function quiet({ signals, changes }: Known): Judged {
  const learning = signals.some((signal) => signal.state === 'learning')
  const ready = changes.filter((change) => change.state === 'proved').length
  return {
    verdict: 'well',
    sentence: 'All is well, and nothing is going out.',
    detail: [
      learning ? 'What is usual is still being learned, so not every limit is known.' : '',
      ready === 0 ? '' : `${ready === 1 ? 'One change is' : `${ready} changes are`} ready to go.`,
    ]
      .filter((part) => part !== '')
      .join(' '),
  }
}
