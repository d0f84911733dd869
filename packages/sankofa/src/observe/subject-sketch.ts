const kept = 128
const hashBytes = 6
const hashDigits = 2 * hashBytes
const hashRange = 2 ** (8 * hashBytes)

/**
 * Keeps the smallest keyed hashes of the subjects of a window, so that distinct subjects of an hour can be estimated over
 * windows and processes without keeping the subjects: exact below 128, about ±9 % (one standard error) above.
 */
export type SubjectSketch = { add(subjectKey: string): void; encode(): Buffer }

export function createSubjectSketch(): SubjectSketch {
  const smallest: string[] = []
  return {
    add(subjectKey) {
      const hash = subjectKey.slice(0, hashDigits)
      const largest = smallest.at(-1)
      if (smallest.length === kept && largest !== undefined && hash >= largest) return
      let at = smallest.length
      while (at > 0 && (smallest[at - 1] ?? '') > hash) at -= 1
      if (smallest[at - 1] === hash) return
      smallest.splice(at, 0, hash)
      if (smallest.length > kept) smallest.pop()
    },
    encode: () => Buffer.from(smallest.join(''), 'hex'),
  }
}

/** Distinct subjects in the union of all sketches. */
export function estimateSubjects(sketches: Iterable<Uint8Array>): number {
  const hashes = new Set<number>()
  for (const sketch of sketches) {
    const bytes = Buffer.from(sketch.buffer, sketch.byteOffset, sketch.byteLength)
    for (let at = 0; at + hashBytes <= bytes.length; at += hashBytes) hashes.add(bytes.readUIntBE(at, hashBytes))
  }
  if (hashes.size < kept) return hashes.size
  const kth = [...hashes].sort((a, b) => a - b)[kept - 1] ?? hashRange
  return Math.round(((kept - 1) * hashRange) / kth)
}
