import { readFileSync } from 'node:fs'
import { parseAllDocuments } from 'yaml'

const folder = new URL('../../../../../../docs/engines/', import.meta.url)

/** The manifest of the guide, as an engine would read it. @throws where it is not YAML, or warns */
export function manifest(file: string): Record<string, unknown> {
  const documents = parseAllDocuments(readFileSync(new URL(file, folder), 'utf8'))
  const [document, ...others] = documents
  if (document === undefined || 'empty' in documents || others.length > 0)
    throw new Error(`${file} is not one document`)
  const problems = [...document.errors, ...document.warnings]
  if (problems.length > 0) throw new Error(`${file}: ${problems.map((problem) => problem.message).join('; ')}`)
  return document.toJS() as Record<string, unknown>
}

/** The requests of the manifest reach the console under test, whatever host they name. */
export const sendTo = (url: string, baseUrl: string): string => {
  const { pathname, search } = new URL(url)
  return `${baseUrl}${pathname}${search}`
}
