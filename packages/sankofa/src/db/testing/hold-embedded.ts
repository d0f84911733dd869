import { startEmbedded } from '../index.ts'

/** Starts a server on the directory named, says where, and holds it until it is killed. */
const server = await startEmbedded({ directory: process.argv[2] ?? '' })
console.log(JSON.stringify({ pid: server.pid, url: server.url() }))
setInterval(() => {}, 60_000)
