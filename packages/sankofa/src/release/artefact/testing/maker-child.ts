import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { onTestFinished } from '#harness'
import type { MakerOrders } from './maker-process.ts'

export type Said = {
  readonly word: 'paused' | 'done' | 'failed' | 'ended'
  readonly release?: string
  readonly reused?: boolean
  readonly code?: string
  readonly message?: string
}

export type MakerChild = {
  readonly pid: number
  /** The next thing it says; `ended` when it says nothing more. */
  hears(): Promise<Said>
  goOn(): void
  /** @returns the signal that ended it */
  kill(): Promise<NodeJS.Signals | null>
}

/** A maker in a process of its own. `limit`: no file may grow beyond that many blocks of 1,024 bytes, as on a full disk. */
export function startMaker(orders: MakerOrders, options: { readonly limit?: number } = {}): MakerChild {
  const program = [
    process.execPath,
    '--conditions=sankofa-source',
    new URL('./maker-process.ts', import.meta.url).pathname,
  ]
  const [command = '', ...rest] =
    options.limit === undefined ? program : ['bash', '-c', `ulimit -f ${options.limit}; exec "$@"`, 'bash', ...program]
  const child: ChildProcess = spawn(command, rest, {
    env: { ...process.env, NODE_OPTIONS: '', MAKER_ORDERS: JSON.stringify(orders) },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
  onTestFinished(() => void child.kill('SIGKILL'))
  if (child.stdout === null) throw new Error('the maker has no output')
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    pid: child.pid ?? 0,
    async hears() {
      const next = await lines.next()
      return next.done === true ? { word: 'ended' } : (JSON.parse(next.value) as Said)
    },
    goOn: () => void child.stdin?.write('\n'),
    async kill() {
      child.kill('SIGKILL')
      return (await exited)[1]
    },
  }
}
