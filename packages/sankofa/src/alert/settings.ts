import type { Rule, RuleName } from './rules/rule.ts'

export const audiences = ['developer', 'owner'] as const
/** To whom a message speaks: developers read evidence and commands, the owner reads customers and money. */
export type Audience = (typeof audiences)[number]

/** How the owner is told about one attempt. Plain words, each part at most 60 characters. */
export type AttemptWords = {
  /** Event type that is written when a customer begins. */
  readonly attempted: string
  /** Event type that is written when it is done. */
  readonly completed: string
  readonly owner: {
    /** `Checkout problem` */
    readonly problem: string
    /** What customers could not do, ready for "worth ₦184,500": `could not pay for orders` */
    readonly couldNot: string
    /** What everyone is back on: `the previous checkout` */
    readonly previous: string
    /** What is normal again, in the plural: `payments` */
    readonly normal: string
  }
}

export type NamedAttempt = AttemptWords & { readonly name: string }

export type WebhookSettings = {
  readonly type: 'webhook'
  readonly name: string
  readonly audiences: readonly Audience[]
  readonly url: string
  /** Shared with the receiver, at least 16 characters: signs `timestamp.body` with HMAC-SHA256. */
  readonly secret: string
}

export type EmailSettings = {
  readonly type: 'email'
  readonly name: string
  readonly audiences: readonly Audience[]
  /** `smtp://user:password@host:587`, or `smtps://`. A password is sent only over TLS, except to this machine. */
  readonly server: string
  readonly from: string
  readonly to: readonly string[]
}

export type ChannelSettings = WebhookSettings | EmailSettings

/** What `alert` in `sankofa.config.ts` takes. Everything also goes to the log; without settings, only there. */
export type AlertSettings = {
  readonly channels?: readonly ChannelSettings[]
  /** IANA name, such as `Africa/Lagos`; this machine's when absent. */
  readonly timeZone?: string
  /** Where people reach the console; without it messages have no links. */
  readonly publicUrl?: string
  /** Levels and durations that differ from the defaults. */
  readonly rules?: { readonly [name in RuleName]?: Partial<Pick<Rule, 'enter' | 'exit' | 'forMs' | 'clearMs'>> }
  /** How long things must be normal before "fixed" is said; 3 min. */
  readonly normalForMs?: number
  /** After how long the owner hears "still happening"; 5 min. */
  readonly stillHappeningAfterMs?: number
}
