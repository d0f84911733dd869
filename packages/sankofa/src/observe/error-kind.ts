import { hash } from 'node:crypto'

/** A kind of error: told apart by name or code, route and the first frame of the service's own code; never by its message. */
export type ErrorKind = { readonly fingerprint: string; readonly route: string; readonly name: string }

/** @param error - what was thrown; anything */
export function errorKind(error: unknown, route: string, status: number | undefined): ErrorKind {
  const name = nameOf(error, status)
  const frame = error instanceof Error ? ownFrame(error.stack) : ''
  return { fingerprint: hash('sha256', `${name}\n${route}\n${frame}`).slice(0, 16), route, name }
}

// Names and codes are written by the service: keep identifiers only, so that no value can travel in them.
const identifier = /^[\w.$:-]{1,80}$/

function nameOf(error: unknown, status: number | undefined): string {
  if (error instanceof Error) {
    const code: unknown = 'code' in error ? error.code : undefined
    if (typeof code === 'string' && identifier.test(code))
      return `${identifier.test(error.name) ? error.name : 'Error'} ${code}`
    return identifier.test(error.name) ? error.name : 'Error'
  }
  return status === undefined ? 'no reply' : `HTTP ${status}`
}

/** Function and file without line, so that an edit above it does not make a new kind. */
function ownFrame(stack: string | undefined): string {
  for (const line of stack?.split('\n').slice(1, 30) ?? []) {
    const frame = /^\s*at (?:async )?(?:(.+?) \()?(.*?)(?::\d+)?(?::\d+)?\)?$/.exec(line)
    const file = frame?.[2] ?? ''
    if (
      file === '' ||
      file.startsWith('node:') ||
      file.includes('node_modules') ||
      file === '<anonymous>' ||
      file === 'native'
    )
      continue
    return `${frame?.[1] ?? ''} ${file.replace(/^.*\/(?=[^/]+\/[^/]+$)/, '')}`
  }
  return ''
}
