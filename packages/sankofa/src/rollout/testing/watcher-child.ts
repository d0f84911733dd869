import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

type Word = { readonly word: string; readonly nowMs?: number; readonly epoch?: string }

/** A watcher in a process of its own. */
export type WatcherChild = {
  readonly pid: number
  /** Resolves at the first such word that has not been taken yet; rejects when it ends, or says nothing for a minute. */
  hears(word: 'paused' | 'leads' | 'stands by'): Promise<Word>
  heard(word: string): boolean
  tell(line: 'run' | 'go on'): void
  signal(signal: NodeJS.Signals): void
  /** @returns the signal that ended it */
  kill(): Promise<NodeJS.Signals | null>
  stop(): Promise<number | null>
}

export function startWatcherChild(orders: {
  readonly url: string
  readonly holder: string
  readonly harmful?: boolean
  readonly pauseAt?: string
  readonly nowMs?: number
}): WatcherChild {
  const child: ChildProcess = spawn(
    process.execPath,
    ['--conditions=sankofa-source', new URL('./watcher-process.ts', import.meta.url).pathname],
    {
      env: { ...process.env, NODE_OPTIONS: '', WATCHER_ORDERS: JSON.stringify({ harmful: false, ...orders }) },
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  )
  const words: Word[] = []
  const listeners = new Set<() => void>()
  const tellAll = (): void => {
    for (const listener of [...listeners]) listener()
  }
  const exited = once(child, 'exit').then(
    ([code, signal]) => ({ code, signal }) as { code: number | null; signal: NodeJS.Signals | null },
  )
  if (child.stdout !== null) {
    createInterface({ input: child.stdout }).on('line', (line) => {
      words.push(JSON.parse(line) as Word)
      tellAll()
    })
  }
  child.once('exit', tellAll)
  const pid = child.pid ?? 0

  return {
    pid,
    heard: (word) => words.some((each) => each.word === word),
    hears: (word) =>
      new Promise((resolve, reject) => {
        const patience = setTimeout(() => {
          listeners.delete(look)
          const said = words.map((each) => each.word).join(', ')
          reject(new Error(`the watcher lives and did not say "${word}" in a minute; it said: ${said || 'nothing'}`))
        }, 60_000)
        const look = (): void => {
          const index = words.findIndex((each) => each.word === word)
          const [found] = index < 0 ? [] : words.splice(index, 1)
          if (found === undefined && child.exitCode === null && child.signalCode === null) return
          listeners.delete(look)
          clearTimeout(patience)
          if (found === undefined)
            reject(new Error(`the watcher ended (${child.exitCode ?? child.signalCode}) and never said "${word}"`))
          else resolve(found)
        }
        listeners.add(look)
        look()
      }),
    tell: (line) => void child.stdin?.write(`${line}\n`),
    signal: (signal) => void child.kill(signal),
    async kill() {
      child.kill('SIGKILL')
      return (await exited).signal
    },
    async stop() {
      child.kill('SIGTERM')
      return (await exited).code
    },
  }
}
