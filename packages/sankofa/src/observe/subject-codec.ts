import { SankofaError } from '../core/index.ts'
import { readVarints, writeVarint } from '../histogram/index.ts'
import type { SubjectInWindow } from '../judge/index.ts'

const layout = 1
const keyBytes = 8
const exposedFlag = 1
const freshFlag = 2

/** Sorted by subject: 8 bytes of keyed hash, one of arm flags, then the failed guards as a varint. The same set gives the same bytes. */
export function encodeSubjects(subjects: Iterable<SubjectInWindow>): Buffer {
  const sorted = [...subjects].sort((a, b) => (a.subject < b.subject ? -1 : a.subject > b.subject ? 1 : 0))
  const bytes = [layout]
  for (const { subject, exposed, fresh, failed } of sorted) {
    for (let at = 0; at < 2 * keyBytes; at += 2) bytes.push(Number.parseInt(subject.slice(at, at + 2), 16))
    bytes.push((exposed ? exposedFlag : 0) | (fresh ? freshFlag : 0))
    writeVarint(bytes, failed)
  }
  return Buffer.from(bytes)
}

/** @throws SankofaError `ENCODING_BROKEN` */
export function decodeSubjects(encoded: Uint8Array): SubjectInWindow[] {
  const reader = readVarints(encoded, 'set of subjects')
  if (reader.next() !== layout)
    throw new SankofaError('ENCODING_BROKEN', { what: 'set of subjects', offset: 0, length: encoded.length })
  const subjects: SubjectInWindow[] = []
  while (!reader.atEnd()) {
    const subject = Buffer.from(reader.bytes(keyBytes)).toString('hex')
    const flags = reader.next()
    subjects.push({
      subject,
      exposed: (flags & exposedFlag) !== 0,
      fresh: (flags & freshFlag) !== 0,
      failed: reader.next(),
    })
  }
  return subjects
}
