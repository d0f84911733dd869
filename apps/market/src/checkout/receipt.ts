import { formatAmount } from '@sankofa/ledger'
import { type CartLine, goodsOf } from '../cart/cart.ts'
import type { Currency } from '../money.ts'

export type Bill = {
  readonly lines: readonly CartLine[]
  readonly fee: bigint
  readonly total: bigint
  readonly currency: Currency
}

/** One line of text per item, then the fee and the total. */
export function receipt({ lines, fee, total, currency }: Bill): string[] {
  return [
    ...lines.map(
      (line) => `${line.quantity} × ${line.name}: ${formatAmount(line.unitPrice * BigInt(line.quantity), currency)}`,
    ),
    `Service fee: ${formatAmount(fee, currency)}`,
    `Total: ${formatAmount(total, currency)} ${currency}`,
  ]
}

/** The path of `demo-good-receipt`: built from a table, dearest first, with a word of thanks; the figures are the same. */
export function receiptWithThanks({ lines, fee, total, currency }: Bill): string[] {
  const rows = lines
    .map((line) => ({ label: `${line.quantity} × ${line.name}`, amount: line.unitPrice * BigInt(line.quantity) }))
    .sort((a, b) => (a.amount < b.amount ? 1 : a.amount > b.amount ? -1 : a.label.localeCompare(b.label)))
    .concat({ label: 'Service fee', amount: total - goodsOf(lines) })
  if (total - goodsOf(lines) !== fee)
    throw new Error(`A receipt of ${total} does not add up from its lines and a fee of ${fee}.`)
  return [
    ...rows.map((row) => `${row.label}: ${formatAmount(row.amount, currency)}`),
    `Total: ${formatAmount(total, currency)} ${currency}`,
    'Thank you for shopping with us.',
  ]
}
