import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Which updates failed last time, in the git directory. They are tried last: at most so many are tried a run, and those
 * that always fail must not keep the others from their turn.
 */
export function rememberedFailures(gitDirectory: string): {
  has(id: string): boolean
  add(id: string): void
  drop(id: string): void
} {
  const file = join(gitDirectory, 'sankofa-update.json')
  const failed = new Set(read(file))
  const write = (): void => writeFileSync(file, JSON.stringify([...failed], null, 2))
  return {
    has: (id) => failed.has(id),
    add(id) {
      failed.add(id)
      write()
    },
    drop(id) {
      if (failed.delete(id)) write()
    },
  }
}

function read(file: string): readonly string[] {
  try {
    const found = JSON.parse(readFileSync(file, 'utf8')) as unknown
    return Array.isArray(found) ? found.filter((one) => typeof one === 'string') : []
  } catch {
    // Not there yet, or torn: only the order is lost.
    return []
  }
}
