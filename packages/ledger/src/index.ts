export { type Account, findAccount, lockAccounts, type NewAccount, openAccount, readAccounts } from './account.ts'
export { type AccountId, accountId, type HoldId, holdId, type TransferId, transferId } from './brand.ts'
export type { Client, Pool } from './client.ts'
export { exponentOf, formatAmount, parseAmount } from './currency.ts'
export { LedgerError, type LedgerErrorCode } from './errors.ts'
export {
  type AlreadyResolved,
  type Held,
  type HoldRequest,
  hold,
  type PostRequest,
  postHold,
  voidHold,
} from './hold.ts'
export { install, schemaSql } from './install.ts'
export { type StatementLine, statement } from './statement.ts'
export {
  type Cause,
  type Entry,
  entryOf,
  type Insufficient,
  type TransferRequest,
  type Transferred,
  transfer,
} from './transfer.ts'
export { type Verified, verify } from './verify.ts'
