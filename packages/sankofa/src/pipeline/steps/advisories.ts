import type { PackageManager } from '../package-manager.ts'

export const severities = ['info', 'low', 'moderate', 'high', 'critical'] as const
export type Severity = (typeof severities)[number]

/** A known fault of an installed package. */
export type Advisory = {
  /** Each of its names, such as `GHSA-…` and the registry's number: a setting may use any of them. */
  readonly ids: readonly string[]
  readonly package: string
  readonly severity: Severity
  readonly title: string
  readonly url: string
  /** The range of versions that have it. */
  readonly affected: string
}

/** What came of an audit: what is known, or why nothing could be known. */
export type AuditAnswer = { readonly advisories: readonly Advisory[] } | { readonly unknown: string }

/** Reads what `audit --json` of each package manager prints. Output that is no report says nothing about the packages. */
export function readAudit(manager: PackageManager, stdout: string, stderr: string): AuditAnswer {
  try {
    const advisories = readers[manager](stdout)
    if (advisories !== undefined) return { advisories: once(advisories) }
  } catch {
    // Not JSON, or of another shape: said below.
  }
  return { unknown: reasonIn(stdout, stderr) }
}

/** The fields that are read, of all four formats; each is checked where it is used. */
type Loose = Readonly<
  Partial<
    Record<
      | 'advisories'
      | 'advisory'
      | 'affected'
      | 'children'
      | 'data'
      | 'dependency'
      | 'github_advisory_id'
      | 'id'
      | 'ID'
      | 'Issue'
      | 'module_name'
      | 'name'
      | 'package'
      | 'range'
      | 'severity'
      | 'Severity'
      | 'source'
      | 'title'
      | 'type'
      | 'url'
      | 'URL'
      | 'value'
      | 'via'
      | 'vulnerabilities'
      | 'vulnerable_versions'
      | 'Vulnerable Versions',
      unknown
    >
  >
>

const readers: Readonly<Record<PackageManager, (stdout: string) => readonly Advisory[] | undefined>> = {
  npm(stdout) {
    const { vulnerabilities } = JSON.parse(stdout) as Loose
    if (!isObject(vulnerabilities)) return undefined
    // A package that is only reached through a faulty one names it by a text: the fault itself is an object.
    return Object.values(vulnerabilities).flatMap((one) =>
      (one as { via: readonly unknown[] }).via
        .filter(isObject)
        .map((via) => advisoryOf({ ...via, id: via.source, package: via.name, affected: via.range })),
    )
  },
  pnpm(stdout) {
    const { advisories } = JSON.parse(stdout) as Loose
    if (!isObject(advisories)) return undefined
    return Object.values(advisories)
      .filter(isObject)
      .map((one) => advisoryOf({ ...one, package: one.module_name, affected: one.vulnerable_versions }))
  },
  'yarn-classic'(stdout) {
    const lines = jsonLines(stdout)
    // Only the summary says that the report is whole.
    if (!lines.some(({ type }) => type === 'auditSummary')) return undefined
    return lines
      .filter(({ type }) => type === 'auditAdvisory')
      .map(({ data }) => (data as { advisory: Loose }).advisory)
      .map((one) => advisoryOf({ ...one, package: one.module_name, affected: one.vulnerable_versions }))
  },
  'yarn-berry'(stdout) {
    const lines = jsonLines(stdout)
    if (!lines.every(({ children }) => isObject(children))) return undefined
    return lines.map(({ value, children }) => {
      const one = children as Loose
      return advisoryOf({
        id: one.ID,
        title: one.Issue,
        url: one.URL,
        severity: one.Severity,
        package: value,
        affected: one['Vulnerable Versions'],
      })
    })
  },
}

function advisoryOf(found: Loose): Advisory {
  const severity = severities.find((one) => one === found.severity)
  // A report of a later format must not pass as one without findings.
  if (severity === undefined || typeof found.package !== 'string') throw new Error('not an advisory')
  const url = typeof found.url === 'string' ? found.url : ''
  const ids = [found.github_advisory_id, /GHSA(-[0-9a-z]{4}){3}/i.exec(url)?.[0], found.id]
  return {
    ids: [...new Set(ids.filter((id) => typeof id === 'string' || typeof id === 'number').map(String))],
    package: found.package,
    severity,
    title: typeof found.title === 'string' ? found.title : 'no title',
    url,
    affected: typeof found.affected === 'string' ? found.affected : '*',
  }
}

function once(advisories: readonly Advisory[]): readonly Advisory[] {
  const keys = new Set<string>()
  return advisories.filter((one) => {
    const key = `${one.package} ${one.ids.join(' ')}`
    return !keys.has(key) && keys.add(key)
  })
}

const isObject = (value: unknown): value is Loose =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const jsonLines = (text: string): readonly Loose[] =>
  text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line) as unknown)
    .filter(isObject)

/** The program's own words, without what varies. */
function reasonIn(stdout: string, stderr: string): string {
  const text = `${stdout}\n${stderr}`
  const known =
    /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNRESET|ENETUNREACH|EHOSTUNREACH/.exec(text)?.[0] ??
    /\b(40[0-9]|5\d\d)\b[^\n"]{0,60}|audit endpoint[^\n"]{0,60}/i.exec(text)?.[0]
  return (known ?? text.trim().split('\n').at(-1) ?? '').trim().slice(0, 120) || 'no answer'
}
