import type { Difference } from './compare-catalogues.ts'

/**
 * A difference between what the migrations make, which was compared as `before`, and a live schema: nothing of it is due to
 * an undo.
 */
export function sayLive({ what, kind, name, text }: Difference): string {
  switch (what) {
    case 'missing':
      return `the ${kind} ${name}, which they make, is not there`
    case 'left over':
      return `the ${kind} ${name} is there, and they do not make it`
    case 'changed':
      return `the ${kind} ${name} is another there (${text.replace(/; it (was|had|did) ([^;]*)\.$/, (_, verb: string, was: string) => `; by them it ${verb === 'was' ? 'is' : verb === 'had' ? 'has' : 'does'} ${was}`).replace(/\.$/, '')})`
    default:
      return what satisfies never
  }
}
