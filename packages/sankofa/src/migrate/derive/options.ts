import type { Value } from '../catalogue/catalogue.ts'
import { literal, quote } from './identifiers.ts'
import { listOf } from './plan-undo.ts'

/** `name=value` as the server keeps it. */
export function withOptions(options: Value | undefined): string {
  const list = listOf(options)
  return list.length === 0 ? '' : ` with (${list.map(asSetting).join(', ')})`
}

export const asSetting = (option: string): string => {
  const split = option.indexOf('=')
  return `${option.slice(0, split)} = ${literal(option.slice(split + 1))}`
}

export const genericOptions = (options: Value | undefined): string => {
  const list = listOf(options).map((option) => {
    const split = option.indexOf('=')
    return `${quote(option.slice(0, split))} ${literal(option.slice(split + 1))}`
  })
  return list.length === 0 ? '' : ` options (${list.join(', ')})`
}
