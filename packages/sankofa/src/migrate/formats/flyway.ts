import { crc32 } from 'node:zlib'
import type { Migration } from '../migration.ts'
import { byVersion, type FlywayVersion, flywayHistory } from './flyway-history.ts'
import { type Entry, type Folder, readText, refuseTwins } from './folder.ts'
import { type Format, type Found, sqlStep } from './format.ts'

/** Flyway: `V1_2__name.sql` and, for the way back, `U1_2__name.sql`. */
export const flyway: Format = {
  tool: 'flyway',
  looks: 'flyway: V1_2__name.sql and U1_2__name.sql',
  async count(folder) {
    return folder.entries.filter((entry) => parse(entry)?.kind === 'V').length
  },
  read,
}

type Script = FlywayVersion & { readonly kind: string; readonly entry: Entry }

function parse(entry: Entry): Script | undefined {
  if (entry.children !== undefined) return undefined
  const [, kind, digits, name] = /^([VUBR])(\d+(?:[._]\d+)*)?__(.*)\.sql$/.exec(entry.name) ?? []
  if (kind === undefined || (digits === undefined) !== (kind === 'R')) return undefined
  const version = (digits ?? '').split(/[._]/).map((part) => (part === '' ? '' : BigInt(part).toString()))
  return {
    kind,
    version: version.join('.'),
    description: (name ?? '').replaceAll('_', ' '),
    script: entry.name,
    checksum: 0,
    entry,
  }
}

async function read(folder: Folder): Promise<Found> {
  const scripts = folder.entries.flatMap((entry) => parse(entry) ?? [])
  for (const { kind, entry } of scripts) {
    if (kind === 'R')
      folder.problems.push(
        `${entry.name} is repeatable, which has no undo and is not handled. Move it out and let Flyway run it.`,
      )
    if (kind === 'B')
      folder.problems.push(
        `${entry.name} is a baseline, which is not handled. Move it out; baselines in the history are known.`,
      )
  }
  const ups = scripts.filter((script) => script.kind === 'V').sort((a, b) => byVersion(a.version, b.version))
  const undos = scripts.filter((script) => script.kind === 'U')
  for (const same of [ups, undos]) {
    refuseTwins(
      folder,
      // 1 and 1.0 are one version.
      same.map((script) => ({ version: script.version.replace(/(\.0)+$/, ''), name: script.entry.name })),
    )
  }
  const migrations: Migration[] = []
  const known = new Map<string, FlywayVersion>()
  for (const script of ups) {
    const undo = undos.find((other) => other.version === script.version)
    const id = script.entry.name.replace(/\.sql$/, '')
    const step = async ({ entry }: Script) =>
      sqlStep(await readScript(folder, entry), entry.path, await transactionOf(folder, entry))
    known.set(id, { ...script, checksum: checksum(await readText(folder, script.entry.path)) })
    migrations.push({
      id,
      group: id,
      up: await step(script),
      ...(undo === undefined ? {} : { undo: await step(undo) }),
    })
  }
  return { migrations, history: flywayHistory(known) }
}

async function readScript(folder: Folder, entry: Entry): Promise<string> {
  const text = await readText(folder, entry.path)
  const placeholder = /\$\{[\w:.-]+\}/.exec(text)?.[0]
  if (placeholder !== undefined)
    folder.problems.push(
      `${entry.name} holds ${placeholder}, which Flyway fills in and Sankofa does not. Write the value out.`,
    )
  return text
}

/** Flyway's settings for one script lie beside it. */
async function transactionOf(folder: Folder, entry: Entry): Promise<'auto' | 'none'> {
  const settings = folder.entries.find((other) => other.name === `${entry.name}.conf`)
  if (settings === undefined) return 'auto'
  return /^\s*executeInTransaction\s*=\s*false\s*$/m.test(await readText(folder, settings.path)) ? 'none' : 'auto'
}

/** Flyway's: CRC-32 over the lines without their ends, as a signed 32-bit number. */
export function checksum(text: string): number {
  const lines = text.split(/\r\n|\r|\n/)
  return lines.reduce((sum, line) => crc32(line, sum), 0) | 0
}
