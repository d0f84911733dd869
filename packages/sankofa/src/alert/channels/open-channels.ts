import type { Logger } from 'pino'
import type { ChannelSettings } from '../settings.ts'
import type { Channel } from './channel.ts'
import { emailChannel } from './email.ts'
import { logChannel } from './log.ts'
import { webhookChannel } from './webhook.ts'

export function openChannels(settings: readonly ChannelSettings[], log: Logger, now: () => number): readonly Channel[] {
  return [logChannel(log), ...settings.map((channel) => open(channel, now))]
}

function open(settings: ChannelSettings, now: () => number): Channel {
  switch (settings.type) {
    case 'webhook':
      return webhookChannel(settings, now)
    case 'email':
      return emailChannel(settings)
    default:
      return settings satisfies never
  }
}
