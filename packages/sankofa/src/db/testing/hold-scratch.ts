// A scratch server in a process of its own, for a test that kills it.
import pg from 'pg'
import { withScratchServer } from '../index.ts'

await withScratchServer(async (url) => {
  const client = new pg.Client(url)
  client.on('error', () => {})
  await client.connect()
  const { rows } = await client.query('show data_directory')
  process.stdout.write(rows[0].data_directory)
  await new Promise(() => {})
})
