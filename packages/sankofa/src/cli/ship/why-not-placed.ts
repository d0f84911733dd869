import { SankofaError } from '../../core/index.ts'
import type { SshEnd } from './over-ssh.ts'
import { readReceived } from './received.ts'
import { noDirectoryCode, type SshHost } from './ssh-host.ts'

/** ssh's own failures, by what it says in English; its messages are not translated. */
const connections: readonly (readonly [pattern: RegExp, what: string, next: (host: SshHost) => string])[] = [
  [
    /Permission denied/i,
    'lets nobody in with the keys of this user',
    ({ ssh }) =>
      `A password is not asked for. Give it a key: ssh-copy-id ${ssh}; or name the key in ~/.ssh/config or the agent.`,
  ],
  [
    /Host key verification failed|HOST IDENTIFICATION HAS CHANGED/i,
    'shows a key that this user has not accepted',
    ({ ssh }) => `Run "ssh ${ssh} true" by hand once, and compare the key with the host's before you accept it.`,
  ],
  [
    /Could not resolve hostname/i,
    'has a name that leads nowhere',
    () => 'Mend release.hosts in sankofa.config.ts, or name it in ~/.ssh/config.',
  ],
  [
    /timed out|refused|No route|unreachable|reset by|closed by|Broken pipe/i,
    'cannot be reached',
    ({ ssh }) => `See whether it runs: "ssh ${ssh} true". To ship without it, take it out of release.hosts.`,
  ],
]

/** What a person can do about a host that did not answer as it should. */
export function whyNotPlaced(host: SshHost, { code, stdout, stderr, notStarted }: SshEnd): SankofaError<'STEP_FAILED'> {
  const { ssh, directory } = host
  const failed = (what: string, next: string): SankofaError<'STEP_FAILED'> =>
    new SankofaError('STEP_FAILED', { what, next: `Nobody got the release. ${next}` })
  const words = lastWords(stderr)
  const said = words === '' ? '' : ` It said: ${words}`

  if (notStarted !== undefined)
    return failed(`ssh cannot be started here (${notStarted}).`, 'Install an OpenSSH client on this machine.')
  const answer = readReceived(stdout)
  if (answer !== undefined && 'error' in answer) {
    const room = /ENOSPC|no space/i.test(answer.message)
    return failed(
      `${ssh} did not take it: ${answer.message}`,
      room
        ? `Its disk is full: make room below ${directory}, and ship again.`
        : `Mend that on ${ssh} and ship again; hosts that have it already are passed at once.`,
    )
  }
  if (code === 255) {
    const [, what, next] = connections.find(([pattern]) => pattern.test(stderr)) ?? connections.at(-1) ?? []
    return failed(`${ssh} ${what}.${said}`, next?.(host) ?? '')
  }
  if (code === noDirectoryCode)
    return failed(
      `There is no folder ${directory} on ${ssh}.${said}`,
      'Install Sankofa there ("npm install sankofa" in that folder), or mend release.hosts.',
    )
  if (/unknown command '?receive/.test(stderr))
    return failed(`The Sankofa of ${ssh} is too old to receive a release.`, `Update it there, in ${directory}.`)
  if (code === 127 || /npx canceled|could not determine executable|not found/i.test(stderr))
    return failed(
      `There is no Sankofa in ${directory} of ${ssh}, or no Node.${said}`,
      `Run "npm install sankofa" there. ssh reads no login profile: where Node is in none of the usual places, name it, such as command: ['/opt/node/bin/node', 'node_modules/sankofa/bin/sankofa.js'].`,
    )
  return failed(
    `${ssh} ${code === null ? 'broke off' : `ended with code ${code}`} without an answer.${said}`,
    'Ship again; hosts that have it already are passed at once.',
  )
}

const lastWords = (stderr: string): string =>
  stderr
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('sankofa: '))
    .slice(-3)
    .join(' ')
