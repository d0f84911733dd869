import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance, FastifyReply } from 'fastify'

/** Beside the compiled console, and at the same place seen from its source. */
const builtApp = [
  fileURLToPath(new URL('./app', import.meta.url)),
  fileURLToPath(new URL('../../dist/console/app', import.meta.url)),
]
const missing =
  'The console’s page has not been built. In the repository run “node packages/console/build.ts” (npm start does it by itself), then start again. Until then “npx sankofa status” says the same in words.'

/** Where the built page is, if it is. */
export const findApp = (): string | undefined => builtApp.find((directory) => existsSync(join(directory, 'index.html')))

/** Serves the page's hashed files for ever; the page itself is always asked for anew. */
export async function serveAssets(app: FastifyInstance, directory: string | undefined): Promise<void> {
  if (directory === undefined) return
  await app.register(fastifyStatic, {
    root: join(directory, 'assets'),
    prefix: '/assets/',
    index: false,
    dotfiles: 'ignore',
    immutable: true,
    maxAge: '365d',
  })
}

export async function sendPage(reply: FastifyReply, directory: string | undefined): Promise<FastifyReply> {
  if (directory === undefined) return reply.code(503).type('text/plain; charset=utf-8').send(missing)
  return reply
    .header('cache-control', 'no-cache')
    .type('text/html; charset=utf-8')
    .send(await readFile(join(directory, 'index.html')))
}
