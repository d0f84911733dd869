import type { SqlStep, Step } from '../migration.ts'

/** A step that can be read. `seen`: it is a module, and this is what it was seen to send. */
export type AsText = Step | (SqlStep & { readonly seen: true })

/**
 * A step as SQL that can be read before it runs: a module is what it was seen to send on a shadow.
 *
 * @param sent - `undefined` where nobody has seen it run: then it stays a module, of which nothing is known
 */
export const asText = (step: Step, sent: readonly string[] | undefined): AsText =>
  step.kind === 'sql' || sent === undefined
    ? step
    : {
        kind: 'sql',
        sql: sent.map((sql) => `${sql};\n`).join(''),
        transaction: step.transaction ? 'auto' : 'none',
        seen: true,
      }

/** What is read is what is sent. */
export const isSent = (step: AsText): boolean => step.kind === 'sql' && !('seen' in step)
