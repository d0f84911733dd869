import { createHash } from 'node:crypto'
import type { ReleaseId } from '../core/index.ts'
import type { Flag } from './flag.ts'

/** What a flag change does: it brings the new path of this flag to everyone, a little at a time. */
export type FlagPlan = { readonly flag: string }

/** Of all that decides who sees what and of the proof's own code. A title is not part of it. */
export function digestOf(flag: Flag): string {
  const { id, rules, otherwise, named, proof } = flag
  const code = proof === undefined ? [] : [proof.prepare, proof.newPath, proof.oldPath].map((step) => step.toString())
  return hashOf({ id, rules, otherwise, named, code })
}

export const baseOf = (release: ReleaseId): string => `release ${release}`

export const hashOf = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex')
