import { spawn } from 'node:child_process'
import { once } from 'node:events'
import net from 'node:net'
import { describe, expect, onTestFinished, test } from '#harness'
import { bind, openListeningSocket, systemdSocket } from './listening-socket.ts'

/** Listens on fd 3 in a process of its own and answers each connection with its pid. */
async function listenOn(fd: number): Promise<{ pid: number; kill(): Promise<void> }> {
  const program = `require('net').createServer((socket) => socket.end(String(process.pid))).listen({ fd: 3 }, () => console.log('listens'))`
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit', fd] })
  onTestFinished(() => void child.kill('SIGKILL'))
  if (child.stdout === null) throw new Error('no output')
  await once(child.stdout, 'data')
  return {
    pid: child.pid ?? 0,
    async kill() {
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

async function ask(port: number): Promise<string> {
  const socket = net.connect({ host: '127.0.0.1', port })
  let text = ''
  socket.on('data', (chunk) => {
    text += chunk
  })
  await once(socket, 'close')
  return text
}

describe('the public socket', () => {
  for (const older of [false, true]) {
    test(`connections wait in it while no gateway runs (${older ? 'as on older Node' : 'this Node'})`, async () => {
      const socket = bind('127.0.0.1', 0, process.platform === 'linux', older)
      onTestFinished(() => socket.close())
      const port = socket.port ?? 0
      const first = await listenOn(socket.fd)
      expect(await Promise.all([1, 2, 3].map(() => ask(port)))).toEqual(Array(3).fill(String(first.pid)))

      await first.kill()
      const waiting = [1, 2, 3].map(() => ask(port))
      const second = await listenOn(socket.fd)

      expect(await Promise.all(waiting)).toEqual(Array(3).fill(String(second.pid)))
    })
  }

  test('an address that another program listens on is refused, also when that one shares it', async () => {
    for (const reusePort of [false, true]) {
      const other = net.createServer().listen({ host: '127.0.0.1', port: 0, reusePort })
      await once(other, 'listening')
      const { port } = other.address() as net.AddressInfo

      expect(() => openListeningSocket({ host: '127.0.0.1', port, beside: false })).toThrow(
        expect.objectContaining({
          code: 'HOST_PORT_TAKEN',
          details: { host: '127.0.0.1', port, reason: 'EADDRINUSE' },
        }),
      )
      other.close()
    }
  })

  test.skipIf(process.platform !== 'linux')('can be opened a second time beside our own gateway', async () => {
    const first = openListeningSocket({ host: '127.0.0.1', port: 0, beside: false })
    const port = first.port ?? 0
    await listenOn(first.fd)
    first.close()

    const second = openListeningSocket({ host: '127.0.0.1', port, beside: true })
    onTestFinished(() => second.close())
    // Bound and not listened on yet, it takes no connection from the other.
    expect(new Set(await Promise.all(Array.from({ length: 20 }, () => ask(port)))).size).toBe(1)
    await listenOn(second.fd)

    expect(new Set(await Promise.all(Array.from({ length: 60 }, () => ask(port)))).size).toBe(2)
  })
})

describe('a socket from systemd', () => {
  test('is nothing without its variables, or with those of another process', () => {
    expect(systemdSocket({})).toBeUndefined()
    expect(systemdSocket({ LISTEN_FDS: '1', LISTEN_PID: String(process.ppid) })).toBeUndefined()
  })

  test('is refused when it is several', () => {
    expect(() => systemdSocket({ LISTEN_FDS: '2', LISTEN_PID: String(process.pid) })).toThrow(
      expect.objectContaining({ code: 'HOST_SOCKET_WRONG' }),
    )
  })

  test('is taken, and a file in its place is refused', async () => {
    const module = new URL('./listening-socket.ts', import.meta.url).href
    const program = `
      process.env.LISTEN_PID = String(process.pid)
      import(${JSON.stringify(module)}).then(({ systemdSocket }) => {
        try {
          console.log(systemdSocket().fd)
        } catch (error) {
          console.log(error.code)
        }
      })`
    const run = async (fd: number | 'pipe' | 'ignore'): Promise<string> => {
      const child = spawn(process.execPath, ['--conditions=sankofa-source', '-e', program], {
        stdio: ['ignore', 'pipe', 'inherit', fd],
        env: { ...process.env, NODE_OPTIONS: '', LISTEN_FDS: '1' },
      })
      if (child.stdout === null) throw new Error('no output')
      const [said] = await once(child.stdout, 'data')
      return String(said).trim()
    }
    const socket = openListeningSocket({ host: '127.0.0.1', port: 0, beside: false })
    onTestFinished(() => socket.close())

    expect(await run(socket.fd)).toBe('3')
    expect(await run('ignore')).toBe('HOST_SOCKET_WRONG')
  })
})
