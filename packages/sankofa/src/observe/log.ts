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
  const stream = typeof destination === 'object' ? destination : openStream(destination ?? 1)
  const log = pino(
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
          method.apply(this, withoutSecrets(args) as typeof args)
        },
      },
    },
    stream,
  )
  // pino gives the fields of a child to no formatter, and children inherit this method.
  const { child } = log
  log.child = function (this: Logger, bindings, options) {
    return child.call(this, redact(bindings) as typeof bindings, options)
  } as typeof child
  return log
}

const waitingAtMost = 4 * 1024 * 1024

/** A full disk costs lines of the log, and neither the process nor its memory. */
function openStream(dest: string | number): DestinationStream {
  const stream = pino.destination({ dest, mkdir: true, sync: false, maxLength: waitingAtMost })
  // Without a listener an error of the stream ends the process. What could not be written waits, and is tried with the next line.
  stream.on('error', () => {})
  return stream
}

/** What pino would otherwise put into `msg` by itself: values for `%j`, and the message of an error that comes without one. */
function withoutSecrets(args: readonly unknown[]): readonly unknown[] {
  const [first, ...rest] = args
  if (typeof first === 'string') return args.map((part) => redact(part))
  const error = first instanceof Error ? first : (first as { readonly err?: unknown } | null | undefined)?.err
  if (rest[0] === undefined && error instanceof Error && !hasMessage(first)) return [first, redactText(error.message)]
  return [first, ...rest.map((part) => redact(part))]
}

const hasMessage = (fields: unknown): boolean =>
  !(fields instanceof Error) && (fields as { msg?: unknown }).msg !== undefined
