import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from '#harness'
import { readMigrations } from './read-migrations.ts'
import { makeProject } from './testing/project.ts'
import { agreeWithTool, columns } from './testing/run.ts'

const shop = {
  'db/migrations/20260101000000_customers.sql': `-- what comes before is a comment
-- migrate:up
create table customer (id serial primary key, email text);

-- migrate:down
drop table customer;
`,
  'db/migrations/20260102000000_products.sql':
    '-- migrate:up\r\ncreate table product (id int);\r\n-- migrate:down\r\ndrop table product;\r\n',
  'db/migrations/20260103000000_index.sql': `-- migrate:up transaction:false
create index concurrently product_id on product (id);
-- migrate:down transaction:false
drop index concurrently product_id;
`,
  'db/schema.sql': 'select 1;',
}

/** Only Linux on x64 has it from npm: one package for each platform cannot stand in one lock file. */
function findDbmate(): string | undefined {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('@dbmate/linux-x64/package.json')), 'bin', 'dbmate')
  } catch {
    return undefined
  }
}
const program = findDbmate()

test.skipIf(program === undefined)(
  'what dbmate has applied and what Sankofa has applied are one history',
  async ({ db }) => {
    const root = await makeProject(shop)
    const set = await readMigrations(join(root, 'db/migrations'))
    const dbmate = async (...words: string[]) => {
      const url = `${db.url}?sslmode=disable`
      const settings = ['--url', url, '--migrations-dir', join(root, 'db/migrations'), '--no-dump-schema']
      return (await promisify(execFile)(program ?? '', [...settings, ...words])).stdout
    }

    expect(set.tool).toBe('dbmate')
    expect(set.migrations.map(({ up }) => up.transaction)).toEqual(['auto', 'auto', 'none'])
    await agreeWithTool(db.pool, set, {
      async pending() {
        const lines = (await dbmate('status')).split('\n').filter((line) => line.startsWith('[ ]'))
        return lines.map((line) => line.slice(4).replace(/\.sql$/, ''))
      },
      applyAll: () => dbmate('up'),
      takeLastBack: () => dbmate('rollback'),
    })

    expect(await columns(db.pool)).toEqual(['customer.email', 'customer.id', 'product.id'])
  },
)
