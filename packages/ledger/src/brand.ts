declare const brand: unique symbol
export type Brand<T, Name extends string> = T & { readonly [brand]: Name }

export type AccountId = Brand<bigint, 'AccountId'>
export type TransferId = Brand<bigint, 'TransferId'>
export type HoldId = Brand<bigint, 'HoldId'>

export const accountId = (id: bigint | string): AccountId => BigInt(id) as AccountId
export const transferId = (id: bigint | string): TransferId => BigInt(id) as TransferId
export const holdId = (id: bigint | string): HoldId => BigInt(id) as HoldId
