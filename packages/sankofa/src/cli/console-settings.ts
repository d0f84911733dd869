/** Where the console is reached, and who may ask for verdicts. */
export type ConsoleSettings = {
  /** Listens here; `127.0.0.1` unless told. Anything else shows the console to whoever reaches it, so put TLS in front. */
  readonly host?: string
  /** More names under which it is reached, such as `console.example.com` behind a proxy. */
  readonly hosts?: readonly string[]
  /** Deployment engines on this machine may ask for verdicts without a token; only where it listens on loopback. */
  readonly verdictWithoutToken?: boolean
}

const known = ['host', 'hosts', 'verdictWithoutToken'] as const
const loopback: readonly string[] = ['127.0.0.1', 'localhost', '::1', '[::1]']

/** Every wrong setting, a sentence each. */
export function consoleProblems(settings: ConsoleSettings | undefined): readonly string[] {
  if (settings === undefined) return []
  if (typeof settings !== 'object' || settings === null)
    return [
      `console: found ${JSON.stringify(settings)}, expected an object such as { hosts: ['console.example.com'] }.`,
    ]
  const { host, hosts, verdictWithoutToken } = settings
  const problems = Object.keys(settings)
    .filter((name) => !(known as readonly string[]).includes(name))
    .map((name) => `console.${name}: is not a setting; expected one of ${known.join(', ')}.`)
  const isName = (value: unknown): boolean => typeof value === 'string' && /^[^\s/]+$/.test(value)
  if (host !== undefined && !isName(host))
    problems.push(`console.host: found ${JSON.stringify(host)}, expected an address such as "127.0.0.1".`)
  if (hosts !== undefined && !(Array.isArray(hosts) && hosts.every(isName)))
    problems.push(
      `console.hosts: found ${JSON.stringify(hosts)}, expected names with no scheme and no path, such as ["console.example.com"].`,
    )
  if (verdictWithoutToken !== undefined && typeof verdictWithoutToken !== 'boolean')
    problems.push(`console.verdictWithoutToken: found ${JSON.stringify(verdictWithoutToken)}, expected true or false.`)
  if (verdictWithoutToken === true && host !== undefined && !loopback.includes(host))
    problems.push(
      `console.verdictWithoutToken: found true with the host ${host}; expected false, or a host such as "127.0.0.1". Give machines a token instead: sankofa token NAME.`,
    )
  return problems
}
