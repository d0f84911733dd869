import type { Message } from '../text/developer-text.ts'
import { duration, percent, type Times } from '../text/time.ts'
import type { Rule, RuleState } from './rule.ts'

type Context = { readonly times: Times; readonly publicUrl: string | undefined }

export function ruleBeganText(rule: Rule, state: RuleState, now: Date, context: Context): Message {
  const lasting = rule.forMs === 0 ? '' : `, for ${duration(rule.forMs)}`
  return {
    subject: `${rule.title}: ${shown(rule, state.value)}`,
    body: [
      `Found: ${shown(rule, state.value)} at ${context.times.second(now)}. Told from ${shown(rule, rule.enter)}${lasting}; over at ${shown(rule, rule.exit)}.`,
      `Next: ${rule.advice}`,
      ...(context.publicUrl === undefined ? [] : [`Screen: ${context.publicUrl}`]),
    ].join('\n'),
  }
}

export function ruleOverText(rule: Rule, state: RuleState, began: Date, now: Date, context: Context): Message {
  return {
    subject: `${rule.title}: over, ${shown(rule, state.value)}`,
    body: `Over at ${context.times.second(now)}: ${shown(rule, state.value)}. It was told ${duration(now.getTime() - began.getTime())} ago.`,
  }
}

function shown(rule: Rule, value: number | undefined): string {
  if (value === undefined) return 'not known'
  const left = rule.worse === 'below' ? ' left' : ''
  return `${rule.unit === 'share' ? percent(value) : `${Math.round(value)} ${rule.unit}`}${left}`
}
