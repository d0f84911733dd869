import { readFileSync, writeFileSync } from 'node:fs'
import type { PackageManager } from '../package-manager.ts'

/**
 * Says in a yarn.lock that `specs` are met by the version that is locked as exactly `version`. Yarn keeps its lock by the
 * text of the spec: after a change of the spec alone it would take the newest version that fits. npm and pnpm do not.
 */
export function keepInYarnLock(
  lockFile: string,
  manager: PackageManager,
  { name, version, specs }: { readonly name: string; readonly version: string; readonly specs: readonly string[] },
): void {
  const protocol = manager === 'yarn-berry' ? 'npm:' : ''
  const exact = `${name}@${protocol}${version}`
  const wanted = specs.map((spec) => `${name}@${protocol}${spec}`)
  const lines = readFileSync(lockFile, 'utf8').split('\n')
  const kept = lines.map((line) => {
    // The head of an entry: `a@1.0.0, a@^1.0.0:`, each part or (Yarn 2 and later) the whole in quotes where it is needed.
    if (!/^\S.*:\r?$/.test(line)) return line
    const parts = line
      .replace(/:\r?$/, '')
      .split(', ')
      .map((part) => part.replaceAll('"', ''))
    if (!parts.includes(exact)) return line
    const all = [...new Set([...parts.filter((part) => part !== exact), ...wanted])]
    return manager === 'yarn-berry' ? `"${all.join(', ')}":` : `${all.map((part) => `"${part}"`).join(', ')}:`
  })
  writeFileSync(lockFile, kept.join('\n'))
}
