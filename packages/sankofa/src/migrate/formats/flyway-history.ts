import type { History, StepClient } from '../migration.ts'

/** What Flyway keeps of a versioned script. */
export type FlywayVersion = {
  /** Its parts joined by dots, without leading zeros: `1.2`. */
  readonly version: string
  readonly description: string
  readonly script: string
  readonly checksum: number
}

/** By number, part by part; a missing part is 0. */
export function byVersion(a: string, b: string): number {
  const [ones, others] = [a.split('.'), b.split('.')]
  for (let index = 0; index < Math.max(ones.length, others.length); index++) {
    const [one, other] = [BigInt(ones[index] ?? 0), BigInt(others[index] ?? 0)]
    if (one !== other) return one < other ? -1 : 1
  }
  return 0
}

const table = 'flyway_schema_history'

/** Flyway's own table; `known` are the scripts by the id of their migration. */
export function flywayHistory(known: ReadonlyMap<string, FlywayVersion>): History {
  return {
    tables: [`public.${table}`],
    async ensure(client) {
      if (await isThere(client)) return
      await client.query(`
        create table ${table} (
          installed_rank int not null,
          version varchar(50),
          description varchar(200) not null,
          type varchar(20) not null,
          script varchar(1000) not null,
          checksum integer,
          installed_by varchar(100) not null,
          installed_on timestamp not null default now(),
          execution_time integer not null,
          success boolean not null
        )`)
      await client.query(`alter table ${table} add constraint ${table}_pk primary key (installed_rank)`)
      await client.query(`create index ${table}_s_idx on ${table} (success)`)
    },
    async applied(client) {
      if (!(await isThere(client))) return []
      const found = await client.query<{ version: string; type: string; script: string }>(`
        select history.version, history.type, history.script
          from ${table} as history
         where history.success and history.version is not null
         order by history.installed_rank`)
      const applied = new Set<string>()
      for (const row of found.rows) {
        if (row.type.startsWith('UNDO')) applied.delete(nameOf(known, row.version, row.script))
        else if (row.type.includes('BASELINE')) {
          // What a baseline covers, Flyway never runs.
          for (const [id, { version }] of known) if (byVersion(version, row.version) <= 0) applied.add(id)
        } else applied.add(nameOf(known, row.version, row.script))
      }
      return [...applied]
    },
    async add(client, migration) {
      const { version, description, script, checksum } = known.get(migration.id) ?? fromName(migration.id)
      await client.query(
        `insert into ${table}
           (installed_rank, version, description, type, script, checksum, installed_by, execution_time, success)
         select coalesce(max(history.installed_rank), 0) + 1, $1, $2, 'SQL', $3, $4::int, current_user, 0, true
           from ${table} as history`,
        [version, description, script, checksum],
      )
    },
    async remove(client, migration) {
      const { version } = known.get(migration.id) ?? fromName(migration.id)
      // Only paid editions know undone rows: without its row, every edition sees the script as pending.
      await client.query(`delete from ${table} where version = $1 and type not like '%BASELINE%'`, [version])
    },
  }
}

function nameOf(known: ReadonlyMap<string, FlywayVersion>, version: string, script: string): string {
  for (const [id, one] of known) if (byVersion(one.version, normal(version)) === 0) return id
  return script.replace(/\.sql$/, '')
}

const normal = (version: string): string => version.replaceAll('_', '.')

/** A migration whose file is gone: its name still says most. */
function fromName(id: string): FlywayVersion {
  const [version = '', ...description] = id.replace(/^V/, '').split('__')
  return {
    version: normal(version),
    description: description.join('__').replaceAll('_', ' '),
    script: `${id}.sql`,
    checksum: 0,
  }
}

async function isThere(client: StepClient): Promise<boolean> {
  const found = await client.query<{ there: boolean }>('select to_regclass($1) is not null as there', [table])
  return found.rows[0]?.there === true
}
