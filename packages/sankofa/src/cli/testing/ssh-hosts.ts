import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { onTestFinished, type TestDatabase } from '#harness'

const main = fileURLToPath(new URL('../main.ts', import.meta.url))
const toolkit = fileURLToPath(new URL('../../index.ts', import.meta.url))
const program = [process.execPath, '--conditions=sankofa-source', '--disable-warning=ExperimentalWarning', main]

/**
 * Runs what a host is asked to run in a clean environment here, as its login would. `down-<host>` in its folder: that one cannot
 * be reached; `cut-<host>`: the connection breaks in the middle of what is sent; `hang-<host>`: it hangs there until `go-on`.
 */
const fakeSsh = `#!/bin/sh
here=$(dirname "$0")
while [ "$1" != "--" ]; do shift; done
host=$2
shift 2
if [ -e "$here/down-$host" ]; then
  echo "ssh: connect to host $host port 22: Connection timed out" >&2
  exit 255
fi
there() { env -i PATH="$PATH" HOME="$HOME" sh -c "$1"; }
echo "Welcome to $host"
case "$*" in *--release*) there "$*"; exit ;; esac
if [ -e "$here/cut-$host" ]; then
  head -c 5000 | there "$*" >/dev/null 2>&1
  touch "$here/was-cut-$host"
  echo "client_loop: send disconnect: Broken pipe" >&2
  exit 255
fi
if [ -e "$here/hang-$host" ]; then
  { head -c 5000; touch "$here/hangs-$host"; while [ ! -e "$here/go-on" ]; do sleep 0.05; done; } | there "$*" >/dev/null 2>&1
  touch "$here/was-left-$host"
  exit 255
fi
there "$*"
`

export type Answer = { readonly code: number; readonly out: string; readonly err: string }

/** A project that ships to these hosts, each a folder of its own, through an ssh that stays on this machine. */
export function projectWithHosts(db: Pick<TestDatabase, 'url'>, hosts: readonly string[]) {
  const root = mkdtempSync(join(tmpdir(), 'sankofa-ssh-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true, maxRetries: 5 }))
  const project = join(root, 'project')
  const bin = join(root, 'bin')
  const folderOf = (host: string): string => join(root, host)
  const settings = {
    start: ['node', 'server.mjs'],
    readyWithinMs: 5_000,
    hosts: hosts.map((ssh) => ({ ssh, directory: folderOf(ssh), command: program })),
  }
  const config = `import { defineConfig } from ${JSON.stringify(toolkit)}
export const config = defineConfig({ service: 'shop', release: ${JSON.stringify(settings)} })
`
  for (const folder of [project, bin, ...hosts.map(folderOf)]) mkdirSync(folder)
  for (const folder of [project, ...hosts.map(folderOf)]) writeFileSync(join(folder, 'sankofa.config.ts'), config)
  writeFileSync(join(project, 'package.json'), '{ "name": "shop", "type": "module" }')
  writeFileSync(join(bin, 'ssh'), fakeSsh, { mode: 0o755 })

  const environmentOf = (folder: string): NodeJS.ProcessEnv => ({
    ...process.env,
    PATH: `${bin}:${process.env.PATH}`,
    DATABASE_URL: db.url,
    SANKOFA_DIR: join(folder, '.sankofa'),
    SANKOFA_SECRET: 'the same on all hosts',
    SANKOFA_ACTOR: 'ama',
    INIT_CWD: folder,
  })
  const [node = '', ...first] = program
  return {
    bin,
    /** A release that answers `words`; without any it does not come up. */
    write(words: string | undefined): void {
      const answer = words === undefined ? 'throw new Error("no config")' : `response.end(${JSON.stringify(words)})`
      const server = `import { createServer } from 'node:http'
const server = createServer((_request, response) => { ${words === undefined ? '' : answer} })
${words === undefined ? answer : ''}
server.listen(Number(process.env.PORT), '127.0.0.1')
process.on('SIGTERM', () => { server.close(); server.closeIdleConnections() })
`
      writeFileSync(join(project, 'server.mjs'), server)
    },
    writeFile: (name: string, content: Buffer | string): void => writeFileSync(join(project, name), content),
    fault: (name: string): void => writeFileSync(join(bin, name), ''),
    mend: (name: string): void => rmSync(join(bin, name)),
    happened: (name: string): boolean => existsSync(join(bin, name)),
    /** What is in the folder of releases of a host, whole or not. */
    releasesOn(host: string): readonly string[] {
      const folder = join(folderOf(host), '.sankofa/host/releases')
      return existsSync(folder) ? readdirSync(folder).sort() : []
    },
    wasStartedOn: (host: string, release: string): boolean =>
      existsSync(join(folderOf(host), '.sankofa/host/logs', `${release}.log`)),
    run: (...args: readonly string[]): Promise<Answer> =>
      new Promise((resolve) => {
        const options = { cwd: project, env: environmentOf(project) }
        execFile(node, [...first, ...args], options, (error, out, err) =>
          resolve({ code: error === null ? 0 : Number(error.code), out, err }),
        )
      }),
    begin: (...args: readonly string[]): ChildProcess =>
      spawn(node, [...first, ...args], { cwd: project, env: environmentOf(project), stdio: 'ignore' }),
    /** @returns where its gateway listens, when it does */
    async startHost(name: string, ...args: readonly string[]): Promise<string> {
      const folder = folderOf(name)
      const port = await freePort()
      const child = spawn(node, [...first, 'host', '--name', name, '--port', String(port), ...args], {
        cwd: folder,
        env: environmentOf(folder),
        stdio: ['ignore', 'pipe', 'ignore'],
      })
      const ended = once(child, 'exit')
      onTestFinished(async () => {
        child.kill('SIGTERM')
        await ended
      })
      let said = ''
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        said += text
      })
      for (let waits = 0; !said.includes('{"ready":true'); waits++) {
        if (waits > 300 || child.exitCode !== null) throw new Error(`the host ${name} did not come up: ${said}`)
        await delay(100)
      }
      return `http://127.0.0.1:${port}`
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
