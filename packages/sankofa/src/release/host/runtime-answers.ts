import { request } from 'node:http'

/** @returns whether GET /status on this unix socket is answered with 200 */
export function runtimeAnswers(socketPath: string, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const signal = AbortSignal.timeout(timeoutMs)
    const asking = request({ socketPath, path: '/status', agent: false, signal })
    asking.once('error', () => resolve(false))
    asking.once('response', (answer) => {
      resolve(answer.statusCode === 200)
      answer.once('error', () => {})
      answer.destroy()
    })
    asking.end()
  })
}
