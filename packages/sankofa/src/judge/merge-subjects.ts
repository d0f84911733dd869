import type { SubjectInWindow } from './types.ts'

/** One list from the reports of several processes: each subject once, with every failure that any of them saw. */
export function mergeSubjects(lists: readonly (readonly SubjectInWindow[])[]): readonly SubjectInWindow[] {
  const merged = new Map<string, SubjectInWindow>()
  for (const list of lists) {
    for (const report of list) {
      const known = merged.get(report.subject)
      merged.set(report.subject, known === undefined ? report : join(known, report))
    }
  }
  return [...merged.values()]
}

const join = (a: SubjectInWindow, b: SubjectInWindow): SubjectInWindow => ({
  subject: a.subject,
  exposed: a.exposed || b.exposed,
  fresh: a.fresh || b.fresh,
  failed: a.failed | b.failed,
})
