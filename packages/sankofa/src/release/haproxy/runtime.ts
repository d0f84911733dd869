import { connect } from 'node:net'
import { SankofaError } from '../../core/index.ts'

const answerWithinMs = 5_000

/** Asks HAProxy one thing over its runtime socket, a connection each time, as it ends them itself. */
export function askHaproxy(socketPath: string, asked: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string, cause?: Error): void =>
      reject(new SankofaError('HAPROXY_REFUSED', { socket: socketPath, asked, reason }, { cause }))
    const socket = connect(socketPath)
    let answer = ''
    socket.setEncoding('utf8').setTimeout(answerWithinMs, () => {
      socket.destroy()
      fail(`no answer within ${answerWithinMs} ms`)
    })
    socket.on('connect', () => socket.write(`${asked}\n`))
    socket.on('data', (text: string) => {
      answer += text
    })
    socket.on('error', (error) => fail(error.message, error))
    socket.on('end', () => resolve(answer.trim()))
  })
}

/** A command that answers nothing, or what `done` describes, when it was done; everything else it says is why not. */
export async function tellHaproxy(socketPath: string, command: string, done = /^$/): Promise<void> {
  const answer = await askHaproxy(socketPath, command)
  if (!done.test(answer))
    throw new SankofaError('HAPROXY_REFUSED', { socket: socketPath, asked: command, reason: answer })
}
