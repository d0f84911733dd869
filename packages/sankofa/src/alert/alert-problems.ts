import { ruleProblems } from './rules/six-rules.ts'
import { type AlertSettings, audiences, type ChannelSettings, type NamedAttempt } from './settings.ts'
import { unfitWords } from './text/owner-words.ts'

const known = ['channels', 'timeZone', 'publicUrl', 'rules', 'normalForMs', 'stillHappeningAfterMs']

/** What is wrong with the settings of `alert` and the words of the attempts, one line each; secrets are not repeated. */
export function alertProblems(settings: AlertSettings, attempts: readonly NamedAttempt[] = []): readonly string[] {
  const { channels = [], timeZone, publicUrl } = settings
  const names = ['log', ...channels.map((channel) => channel.name)]
  const positive = (['normalForMs', 'stillHappeningAfterMs'] as const).filter(
    (name) => settings[name] !== undefined && !(Number.isFinite(settings[name]) && (settings[name] ?? 0) > 0),
  )
  return [
    ...Object.keys(settings)
      .filter((name) => !known.includes(name))
      .map((name) => `alert: "${name}" is not a setting; expected one of ${known.join(', ')}.`),
    ...channels.flatMap(channelProblems),
    ...[...new Set(names.filter((name, n) => names.indexOf(name) !== n))].map(
      (name) => `alert.channels: found the name "${name}" twice, expected each once ("log" is always there).`,
    ),
    ...(timeZone === undefined || isTimeZone(timeZone)
      ? []
      : [`alert.timeZone: found "${timeZone}", expected an IANA name such as "Africa/Lagos".`]),
    ...(publicUrl === undefined || isUrl(publicUrl, ['http:', 'https:'])
      ? []
      : [`alert.publicUrl: found "${publicUrl}", expected an address such as "https://console.example.com".`]),
    ...positive.map((name) => `alert.${name}: found ${settings[name]}, expected milliseconds, more than 0.`),
    ...ruleProblems(settings.rules),
    ...attempts.flatMap((attempt) => unfitWords(attempt)),
  ]
}

function channelProblems(channel: ChannelSettings, n: number): readonly string[] {
  const path = `alert.channels[${n}]`
  const told = Array.isArray(channel.audiences) ? channel.audiences : []
  const common = [
    ...(/^[a-z0-9][a-z0-9-]{0,39}$/.test(channel.name)
      ? []
      : [
          `${path}.name: found ${JSON.stringify(channel.name)}, expected lower-case letters, digits and hyphens, at most 40.`,
        ]),
    ...(told.length > 0 && told.every((name) => audiences.includes(name))
      ? []
      : [`${path}.audiences: found ${JSON.stringify(channel.audiences)}, expected some of ${audiences.join(', ')}.`]),
  ]
  switch (channel.type) {
    case 'webhook':
      return [
        ...common,
        ...(isUrl(channel.url, ['http:', 'https:']) ? [] : [`${path}.url: expected an http or https address.`]),
        ...(typeof channel.secret === 'string' && channel.secret.length >= 16
          ? []
          : [`${path}.secret: found ${channel.secret?.length ?? 0} characters, expected at least 16.`]),
      ]
    case 'email':
      return [
        ...common,
        ...(isUrl(channel.server, ['smtp:', 'smtps:'])
          ? []
          : [`${path}.server: expected an address such as "smtp://user:password@mail.example.com:587".`]),
        ...(isMail(channel.from)
          ? []
          : [`${path}.from: found ${JSON.stringify(channel.from)}, expected a mail address.`]),
        ...(Array.isArray(channel.to) && channel.to.length > 0 && channel.to.every(isMail)
          ? []
          : [`${path}.to: found ${JSON.stringify(channel.to)}, expected a list of mail addresses.`]),
      ]
    default: {
      const { type } = channel as { readonly type: unknown }
      return [`${path}.type: found ${JSON.stringify(type)}, expected webhook or email.`]
    }
  }
}

const isMail = (text: unknown): boolean => typeof text === 'string' && /^[^\r\n]*[^\s@]+@[^\s@]+$/.test(text)

function isUrl(text: unknown, protocols: readonly string[]): boolean {
  return typeof text === 'string' && URL.canParse(text) && protocols.includes(new URL(text).protocol)
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }) !== undefined
  } catch {
    return false
  }
}
