import { createHash } from 'node:crypto'
import { canonical } from './canonical.ts'
import type { Catalogue } from './catalogue.ts'

/** SHA-256, in hex, of what is compared: equal for equal schemas, in whichever database they are. */
export function hashCatalogue(catalogue: Catalogue): string {
  const lines = catalogue.objects.map((object) => `${object.kind} ${object.name} ${canonical(object.properties)}`)
  return createHash('sha256').update(lines.sort().join('\n')).digest('hex')
}
