import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import semver from 'semver'

const kinds = ['dependencies', 'devDependencies', 'optionalDependencies'] as const

type Json = Record<string, unknown>

/** What a folder's package.json names with versions of a registry: no links, tarballs, git or aliases. */
export function specsOf(manifest: Readonly<Json>): ReadonlyMap<string, string> {
  const specs = new Map<string, string>()
  for (const kind of kinds) {
    for (const [name, spec] of Object.entries((manifest[kind] ?? {}) as Record<string, string>)) {
      if (semver.validRange(spec) !== null) specs.set(name, spec)
    }
  }
  return specs
}

/** The spec that allows `version`, written as the one before it: `^1.2.0` stays `^`, a range that fits stays as it is. */
export function specFor(spec: string, version: string): string {
  const prefix = /^([~^]?)\d+\.\d+\.\d+\S*$/.exec(spec)?.[1]
  if (prefix !== undefined) return `${prefix}${version}`
  return semver.satisfies(version, spec) ? spec : `^${version}`
}

/** Writes other specs for packages into a folder's package.json, and nothing else of it. @returns whether one was there */
export function writeSpecs(directory: string, specs: ReadonlyMap<string, (before: string) => string>): boolean {
  const file = join(directory, 'package.json')
  const text = readFileSync(file, 'utf8')
  const manifest = JSON.parse(text) as Json
  let found = false
  for (const kind of kinds) {
    const group = (manifest[kind] ?? {}) as Record<string, string>
    for (const [name, spec] of specs) {
      const before = group[name]
      if (before === undefined || semver.validRange(before) === null) continue
      group[name] = spec(before)
      found = true
    }
  }
  if (found) writeFileSync(file, asItWas(text, manifest))
  return found
}

function asItWas(text: string, manifest: Json): string {
  const indent = /^[ \t]+(?=")/m.exec(text)?.[0] ?? '  '
  return `${JSON.stringify(manifest, null, indent)}${text.endsWith('\n') ? '\n' : ''}`
}
