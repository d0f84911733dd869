import type { CatalogueObject, Value } from '../catalogue/catalogue.ts'
import { literal, qualified } from './identifiers.ts'

const aggregateOptions = [
  ...['sfunc', 'stype', 'sspace', 'finalfunc', 'combinefunc', 'serialfunc', 'deserialfunc', 'initcond'],
  ...['msfunc', 'minvfunc', 'mstype', 'mfinalfunc', 'minitcond', 'sortop'],
]

export function createAggregate(aggregate: CatalogueObject): readonly string[] | undefined {
  const form = aggregate.properties.aggregate as Readonly<Record<string, Value>> | undefined
  if (form === undefined || form.kind !== 'n') return undefined
  const options = aggregateOptions.flatMap((name) => {
    const value = form[name]
    if (value === null || value === undefined) return []
    if (name.endsWith('initcond')) return [`${name} = ${literal(String(value))}`]
    return [`${name} = ${name === 'sortop' ? `operator(${String(value).replace(/\(.*$/, '')})` : value}`]
  })
  if (form.finalfunc_extra === true) options.push('finalfunc_extra')
  const args = String(aggregate.properties.identityArguments) || '*'
  return [`create aggregate ${qualified(aggregate)}(${args}) (${options.join(', ')})`]
}
