import { type DestinationStream, type Logger, pino } from 'pino'
import { redact, redactText } from './redact.ts'

export type LogOptions = {
  readonly service: string
  readonly release: string
  /** `info` unless told. */
  readonly level?: string
  /** Standard output unless told; a path is appended to. */
  readonly destination?: DestinationStream | string
}

/**
 * A pino log in JSON lines. Secrets are taken out of every line, whoever writes it: fields by name (password, token, cookie,
 * authorization, card …), texts by what they look like (card numbers, `Bearer …`, `password=…`).
 */
export function createLog(options: LogOptions): Logger {
  const { service, release, level = 'info', destination } = options
  const stream =
    typeof destination === 'object'
      ? destination
      : pino.destination({ dest: destination ?? 1, mkdir: true, sync: false })
  return pino(
    {
      level,
      base: { service, release, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { err: (error: unknown) => error },
      formatters: {
        level: (label) => ({ level: label }),
        log: (fields) => redact(fields) as Record<string, unknown>,
      },
      hooks: {
        logMethod(args, method) {
          method.apply(this, args.map((part) => (typeof part === 'string' ? redactText(part) : part)) as typeof args)
        },
      },
    },
    stream,
  )
}
