import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Instance } from '../instance.ts'

export type KeeperChild = {
  readonly pid: number
  /** Resolves at this word; rejects when it ends first, or says nothing in 30 s. */
  hears(word: 'paused' | 'started'): Promise<void>
  want(instances: readonly Instance[]): void
  /** It drains and ends all, then itself. */
  stop(): void
  /** @returns the signal that ended it */
  kill(): Promise<NodeJS.Signals | null>
}

export function startKeeperChild(
  onTestFinished: (work: () => Promise<void>) => void,
  orders: { readonly root: string; readonly pauseAt?: string; readonly times?: number },
): KeeperChild {
  const program = new URL('./keeper-process.ts', import.meta.url).pathname
  const child = spawn(process.execPath, ['--conditions=sankofa-source', program], {
    env: { ...process.env, NODE_OPTIONS: '', KEEPER_ORDERS: JSON.stringify(orders) },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const words = new Map<string, PromiseWithResolvers<void>>()
  const wordOf = (word: string): PromiseWithResolvers<void> => {
    const known = words.get(word) ?? Promise.withResolvers<void>()
    words.set(word, known)
    return known
  }
  createInterface({ input: child.stdout }).on('line', (line) => {
    wordOf(line).resolve()
  })
  const exited = once(child, 'exit').then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as NodeJS.Signals | null,
  }))
  child.stdin.on('error', () => {})
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await exited
  })
  return {
    pid: child.pid ?? 0,
    async hears(word) {
      const patience = new AbortController()
      const tooLate = once(patience.signal, 'abort').then(() => Promise.reject(new Error(`it never said "${word}"`)))
      const timer = setTimeout(() => patience.abort(), 30_000)
      const ended = exited.then((how) =>
        Promise.reject(new Error(`it ended (${how.code ?? how.signal}) before "${word}"`)),
      )
      try {
        await Promise.race([wordOf(word).promise, tooLate, ended])
      } finally {
        clearTimeout(timer)
      }
    },
    want: (instances) => void child.stdin.write(`want ${JSON.stringify(instances)}\n`),
    stop: () => void child.stdin.write('stop\n'),
    async kill() {
      child.kill('SIGKILL')
      return (await exited).signal
    },
  }
}
