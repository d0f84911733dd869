import pg from 'pg'
import { defineFlag } from '../../flags/index.ts'

/** A flag with a real proof: the new path writes a row, and the old path must be able to read it. */
export const testFlag = defineFlag<pg.Client>({
  id: 'any',
  title: 'Any',
  owner: 'ama',
  expires: '2030-01-01',
  proof: {
    async prepare(url) {
      const client = new pg.Client(url)
      await client.connect()
      await client.query('create table basket (id int primary key, note text)')
      return client
    },
    newPath: (client) => client.query(`insert into basket values (1, 'new')`),
    async oldPath(client) {
      const found = await client.query('select basket.id from basket')
      if (found.rowCount !== 1) throw new Error('the old path does not find the basket')
    },
    close: (client) => client.end(),
  },
})
