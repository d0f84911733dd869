import type { Step } from '../migration.ts'

/**
 * A step as SQL that can be read before it runs: a module is what it was seen to send on a shadow.
 *
 * @param sent - `undefined` where nobody has seen it run: then it stays a module, of which nothing is known
 */
export const asText = (step: Step, sent: readonly string[] | undefined): Step =>
  step.kind === 'sql' || sent === undefined
    ? step
    : { kind: 'sql', sql: sent.map((sql) => `${sql};\n`).join(''), transaction: step.transaction ? 'auto' : 'none' }
