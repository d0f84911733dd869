import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Pool } from 'undici'
import { expect, onTestFinished, test } from '#harness'
import { createBrowser } from './browser.ts'

test('an answer that is no JSON, such as the gateway’s own, is an answer like any other', async () => {
  const server = createServer((_request, response) => {
    response.writeHead(502, { 'content-type': 'text/plain; charset=utf-8' }).end('502 Bad Gateway: nobody answered\n')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const pool = new Pool(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  onTestFinished(async () => {
    await pool.close()
    server.close()
  })
  const heard: (number | undefined)[] = []
  const browser = createBrowser(pool, 5_000, ({ status }) => heard.push(status))

  const outcome = await browser.send('GET', '/products')

  expect(outcome).toEqual({ status: 502, body: undefined })
  expect(heard).toEqual([502])
})
