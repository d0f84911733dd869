/** A machine that gets each release over SSH, and runs it there with its own `sankofa host`. */
export type SshHost = {
  /** As ssh takes it, such as `deploy@shop-1`; port, key and user may stand in ~/.ssh/config. */
  readonly ssh: string
  /** Where Sankofa is installed there; releases go below its `.sankofa`. */
  readonly directory: string
  /** How Sankofa is run there; `['npx', '--no-install', 'sankofa']` unless told. */
  readonly command?: readonly string[]
}

/** Never from a registry: a host runs what was installed there. */
const defaultCommand = ['npx', '--no-install', 'sankofa'] as const

/** Neither an option of ssh nor more than one word. */
const destination = /^(ssh:\/\/)?([A-Za-z0-9_][\w.+-]*@)?[A-Za-z0-9_[][\w.:%[\]-]*$/

const isWord = (value: unknown): boolean => typeof value === 'string' && value !== '' && !/[\0\r\n]/.test(value)

/** Every wrong setting, a sentence each. */
export function hostProblems(hosts: unknown): readonly string[] {
  if (hosts === undefined) return []
  const example = "such as [{ ssh: 'deploy@shop-1', directory: '/srv/shop' }]"
  if (!Array.isArray(hosts) || hosts.length === 0)
    return [
      `release.hosts: found ${JSON.stringify(hosts)}, expected hosts, ${example}; leave it out where this machine is the host.`,
    ]
  const problems: string[] = []
  for (const [index, host] of hosts.entries()) {
    const where = `release.hosts[${index}]`
    if (typeof host !== 'object' || host === null) {
      problems.push(`${where}: found ${JSON.stringify(host)}, expected a host, ${example}.`)
      continue
    }
    const { ssh, directory, command, ...others }: Partial<Record<string, unknown>> = host
    for (const name of Object.keys(others))
      problems.push(`${where}.${name}: is not a setting; expected one of ssh, directory, command.`)
    if (typeof ssh !== 'string' || !destination.test(ssh))
      problems.push(
        `${where}.ssh: found ${JSON.stringify(ssh)}, expected one name as ssh takes it, such as "deploy@shop-1"; options belong into ~/.ssh/config.`,
      )
    if (!(isWord(directory) && typeof directory === 'string' && directory.startsWith('/')))
      problems.push(`${where}.directory: found ${JSON.stringify(directory)}, expected a path such as "/srv/shop".`)
    if (command !== undefined && !(Array.isArray(command) && command.length > 0 && command.every(isWord)))
      problems.push(
        `${where}.command: found ${JSON.stringify(command)}, expected program and arguments, such as ['npx', '--no-install', 'sankofa'].`,
      )
  }
  const places = hosts.map((host: Partial<SshHost> | null) => `${host?.ssh} ${host?.directory}`)
  for (const place of new Set(places.filter((one, index) => places.indexOf(one) !== index)))
    problems.push(`release.hosts: ${place} is there twice; expected each once.`)
  return problems
}

/** Exit code of a host where `directory` cannot be entered. */
export const noDirectoryCode = 90

/** One line for the shell of the host. */
export const commandThere = ({ directory, command = defaultCommand }: SshHost, args: readonly string[]): string =>
  `cd ${quoted(directory)} || exit ${noDirectoryCode}; exec ${[...command, ...args].map(quoted).join(' ')}`

/** For any POSIX shell: nothing between single quotes means anything but itself. */
const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`
