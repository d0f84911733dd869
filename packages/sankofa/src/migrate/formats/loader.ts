import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { SankofaError } from '../../core/index.ts'
import type { Migration, MigrationSet, Step, StepClient } from '../migration.ts'
import { isRecord, loadProjectModule } from './load-module.ts'
import { pgOverClient } from './pg-over-client.ts'

/** What a loader module yields for one migration: SQL, or an async function of a client. */
export type LoadedMigration = {
  readonly id: string
  readonly group?: string
  readonly up: string | ((client: StepClient) => Promise<unknown>)
  readonly undo?: string | ((client: StepClient) => Promise<unknown>)
}

const known: readonly string[] = ['id', 'group', 'up', 'undo'] satisfies readonly (keyof LoadedMigration)[]

/**
 * Reads migrations of any other kind through a module of the team's own. It exports, as `migrations`, `load` or by
 * default, a list, an iterable, an async iterable, or a function that returns one. Their order is the order of applying.
 *
 * @throws SankofaError `MIGRATIONS_WRONG` with every wrong entry at once
 */
export async function readWithLoader(loader: string, directory: string): Promise<MigrationSet> {
  const problems: string[] = []
  const source = await readFile(loader, 'utf8').catch((cause: Error) => fail(loader, [cause.message], cause))
  const module = await loadProjectModule(loader).catch((cause: Error) =>
    fail(loader, [`it throws: ${cause.message}`], cause),
  )
  const entries = await listed(module, loader)
  const migrations = entries.flatMap((entry, index) => {
    const wrong = whatIsWrong(entry)
    const name = isRecord(entry) && typeof entry.id === 'string' ? `"${entry.id}"` : `entry ${index + 1}`
    problems.push(...wrong.map((what) => `${name}: ${what}.`))
    return wrong.length > 0 ? [] : [toMigration(entry as LoadedMigration, source, loader)]
  })
  for (const [id, twins] of Map.groupBy(migrations, (migration) => migration.id)) {
    if (twins.length > 1) problems.push(`"${id}" is there ${twins.length} times; expected each id once.`)
  }
  if (problems.length > 0) fail(loader, problems)
  return { tool: 'loader', directory, migrations }
}

async function listed(module: Readonly<Record<string, unknown>>, loader: string): Promise<readonly unknown[]> {
  const inner = isRecord(module.default) ? module.default : {}
  let found = module.migrations ?? module.load ?? inner.migrations ?? inner.load ?? module.default
  if (typeof found === 'function') {
    found = await Promise.resolve(found()).catch((cause: Error) => fail(loader, [`it throws: ${cause.message}`], cause))
  }
  if (isIterable(found)) {
    const entries: unknown[] = []
    for await (const entry of found) entries.push(entry)
    return entries
  }
  return fail(loader, [
    `found ${found === undefined ? `exports ${Object.keys(module).join(', ') || 'nothing'}` : typeof found}; expected "migrations", "load" or a default export that is a list of { id, group?, up, undo? }, or a function that returns one.`,
  ])
}

function whatIsWrong(entry: unknown): readonly string[] {
  if (!isRecord(entry)) return [`found ${entry === null ? 'null' : typeof entry}; expected { id, group?, up, undo? }`]
  const problems: string[] = []
  if (typeof entry.id !== 'string' || entry.id.trim() === '')
    problems.push(`id: found ${show(entry.id)}, expected a name`)
  if (entry.group !== undefined && (typeof entry.group !== 'string' || entry.group.trim() === ''))
    problems.push(`group: found ${show(entry.group)}, expected a name or nothing`)
  if (!isStep(entry.up)) problems.push(`up: found ${show(entry.up)}, expected SQL or an async function of a client`)
  if (entry.undo !== undefined && !isStep(entry.undo))
    problems.push(`undo: found ${show(entry.undo)}, expected SQL, an async function of a client, or nothing`)
  for (const name of Object.keys(entry)) {
    if (!known.includes(name)) problems.push(`"${name}" is not known; expected ${known.join(', ')}`)
  }
  return problems
}

function toMigration(entry: LoadedMigration, source: string, loader: string): Migration {
  return {
    id: entry.id,
    group: entry.group ?? entry.id,
    up: toStep(entry.up, `${entry.id} up of ${loader}`, source, loader),
    ...(entry.undo === undefined ? {} : { undo: toStep(entry.undo, `${entry.id} undo of ${loader}`, source, loader) }),
  }
}

function toStep(step: LoadedMigration['up'], file: string, source: string, loader: string): Step {
  if (typeof step === 'string') return { kind: 'sql', sql: step, file, transaction: 'auto' }
  return {
    kind: 'code',
    async run(client) {
      const over = pgOverClient(client, dirname(loader))
      try {
        await step(over.client)
      } finally {
        await over.end()
      }
    },
    // The function may come from another module than the loader: its own text counts as well.
    source: `${source}\n${String(step)}`,
    file,
    transaction: true,
  }
}

const isStep = (found: unknown): boolean => typeof found === 'string' || typeof found === 'function'
const isIterable = (found: unknown): found is Iterable<unknown> | AsyncIterable<unknown> =>
  typeof found === 'object' && found !== null && (Symbol.iterator in found || Symbol.asyncIterator in found)
const show = (found: unknown): string =>
  found === undefined ? 'nothing' : (JSON.stringify(found)?.slice(0, 60) ?? typeof found)

function fail(loader: string, problems: readonly string[], cause?: unknown): never {
  throw new SankofaError('MIGRATIONS_WRONG', { directory: loader, tool: 'loader', problems }, { cause })
}
