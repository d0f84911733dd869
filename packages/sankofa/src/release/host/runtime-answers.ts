import { request } from 'node:http'

/** @returns whether GET /status on this unix socket is answered with 200 */
export function runtimeAnswers(socketPath: string, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request({ socketPath, path: '/status', agent: false })
    const timer = setTimeout(() => asked.destroy(), timeoutMs)
    const done = (isAnswered: boolean): void => {
      clearTimeout(timer)
      resolve(isAnswered)
    }
    asked.on('error', () => done(false))
    asked.on('close', () => done(false))
    asked.once('response', (answer) => {
      done(answer.statusCode === 200)
      answer.on('error', () => {})
      answer.destroy()
    })
    asked.end()
  })
}
