import { evidenceBeforeAndAfter } from './evidence-before-after.ts'
import { evidenceBySubjects } from './evidence-by-subjects.ts'
import type { Evidence, EvidenceOptions } from './facts.ts'

/** The evidence of every go under way: by subjects where there is a control, else before against after. */
export function createEvidence(options: EvidenceOptions): Evidence {
  const sources = { subjects: evidenceBySubjects(options), none: evidenceBeforeAndAfter(options) }
  return {
    collect: (state, epoch, nowMs) => sources[state.control].collect(state, epoch, nowMs),
    facts: (state) => sources[state.control].facts(state),
    forget(goId) {
      for (const source of Object.values(sources)) source.forget(goId)
    },
  }
}
