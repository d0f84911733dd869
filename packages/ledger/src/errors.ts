/** Every error that the ledger raises on purpose: a stable code, and a text that says what to do. */
const catalogue = {
  BAD_TRANSFER: (d: { reason: string }) => `This transfer cannot be made: ${d.reason} Nothing was moved.`,
  ACCOUNT_UNKNOWN: (d: { account: string }) => `There is no account ${d.account}. Open it first with openAccount.`,
  ACCOUNT_HOLDS_NOTHING: (d: { account: string }) =>
    `Account ${d.account} was opened without holds. Open the account with { holds: true } to put money on hold.`,
  KEY_REUSED: (d: { key: string }) =>
    `The key "${d.key}" was used before with other parameters. Nothing was moved: use a new key for a new transfer.`,
  CURRENCY_UNKNOWN: (d: { currency: string }) =>
    `"${d.currency}" is not in the ledger's list of currencies. Add it with its exponent from ISO 4217.`,
  AMOUNT_UNREADABLE: (d: { found: string; currency: string; exponent: number }) =>
    `"${d.found}" is not an amount in ${d.currency}: write digits with at most ${d.exponent} after the point.`,
  HOLD_UNKNOWN: (d: { hold: string }) => `There is no hold ${d.hold}.`,
  ABOVE_HOLD: (d: { hold: string; amount: string; held: string }) =>
    `Hold ${d.hold} keeps ${d.held} minor units and ${d.amount} were to be posted. Post at most what is held.`,
  NOT_IN_TRANSACTION: () =>
    'The accounts changed between two statements of one transfer. Pass a client that is inside a transaction, not a pool.',
} as const

export type LedgerErrorCode = keyof typeof catalogue
type LedgerErrorDetails<C extends LedgerErrorCode> =
  Parameters<(typeof catalogue)[C]> extends [infer D] ? D : Record<string, never>

/** What the caller could not have meant. Too little money is an outcome, not an error. */
export class LedgerError<C extends LedgerErrorCode = LedgerErrorCode> extends Error {
  override readonly name = 'LedgerError'
  readonly code: C
  readonly details: LedgerErrorDetails<C>
  constructor(code: C, details: LedgerErrorDetails<C>, options?: ErrorOptions) {
    const text = catalogue[code] as (d: LedgerErrorDetails<C>) => string
    super(text(details), options)
    this.code = code
    this.details = details
  }
}
