/** Whole numbers from 0, below the given one. */
export type Random = (below: number) => number

/** The same parts give the same numbers: a row depends on the seed and its place, not on what else the schema has. */
export function randomFrom(...parts: readonly (string | number)[]): Random {
  let state = 0x811c9dc5
  for (const character of parts.join('\u0000')) state = Math.imul(state ^ character.charCodeAt(0), 0x01000193)
  return (below) => {
    // mulberry32
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % Math.max(1, below)
  }
}
