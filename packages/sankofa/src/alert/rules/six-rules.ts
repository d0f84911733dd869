import type { AlertSettings } from '../settings.ts'
import { type Rule, ruleNames } from './rule.ts'

const minuteMs = 60_000

const defaults: readonly Rule[] = [
  {
    name: 'cpu',
    title: 'Processor busy',
    worse: 'above',
    enter: 0.9,
    exit: 0.75,
    forMs: 10 * minuteMs,
    clearMs: 5 * minuteMs,
    missingMs: minuteMs,
    unit: 'share',
    advice: 'See which process it is with "top"; requests slow down before anything fails.',
  },
  {
    name: 'memory',
    title: 'Memory nearly used up',
    worse: 'below',
    enter: 0.1,
    exit: 0.15,
    forMs: 2 * minuteMs,
    clearMs: 5 * minuteMs,
    missingMs: minuteMs,
    unit: 'share',
    advice: 'See which process grows; the kernel ends one of them when nothing is left.',
  },
  {
    name: 'disk',
    title: 'Disk nearly full',
    worse: 'below',
    enter: 0.1,
    exit: 0.12,
    forMs: minuteMs,
    clearMs: 5 * minuteMs,
    missingMs: minuteMs,
    unit: 'share',
    advice: 'Free some space or make the disk larger; PostgreSQL stops writing when it is full.',
  },
  {
    name: 'errors',
    title: 'Requests fail',
    worse: 'above',
    enter: 0.05,
    exit: 0.02,
    forMs: minuteMs,
    clearMs: 3 * minuteMs,
    missingMs: 2 * minuteMs,
    unit: 'share',
    advice: 'Run "sankofa status" to see whether a change is to blame.',
  },
  {
    name: 'event-loop',
    title: 'Event loop blocked',
    worse: 'above',
    enter: 200,
    exit: 100,
    forMs: 2 * minuteMs,
    clearMs: 5 * minuteMs,
    missingMs: minuteMs,
    unit: 'ms',
    advice: 'Something computes for long in one go: look for large JSON, loops over many rows, synchronous calls.',
  },
  {
    name: 'measurement',
    title: 'Measurement stopped',
    worse: 'above',
    enter: 60,
    exit: 25,
    forMs: 0,
    clearMs: minuteMs,
    missingMs: minuteMs,
    unit: 's',
    advice: 'No process reports. See that the service runs and reaches PostgreSQL; until then nothing can be judged.',
  },
]

/** The six rules, with what the settings change. */
export const sixRules = (settings: AlertSettings['rules'] = {}): readonly Rule[] =>
  defaults.map((rule) => ({ ...rule, ...settings[rule.name] }))

/** What is wrong with the levels, one line each. */
export function ruleProblems(settings: AlertSettings['rules'] = {}): readonly string[] {
  const unknown = Object.keys(settings)
    .filter((name) => !(ruleNames as readonly string[]).includes(name))
    .map((name) => `alert.rules: "${name}" is no rule; expected one of ${ruleNames.join(', ')}.`)
  const wrong = sixRules(settings).flatMap((rule) => {
    const path = `alert.rules.${rule.name}`
    const apart = rule.worse === 'above' ? rule.exit < rule.enter : rule.exit > rule.enter
    return [
      ...(apart
        ? []
        : [`${path}: found enter ${rule.enter} and exit ${rule.exit}, expected exit on the good side of enter.`]),
      ...(rule.forMs >= 0 ? [] : [`${path}.forMs: found ${rule.forMs}, expected 0 or more.`]),
      ...(rule.clearMs > 0 ? [] : [`${path}.clearMs: found ${rule.clearMs}, expected more than 0.`]),
    ]
  })
  return [...unknown, ...wrong]
}
