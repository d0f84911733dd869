import { readdirSync, readFileSync, realpathSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

const endWithinMs = 1_000

/**
 * Ends the gateway and the releases of a host that was killed together with its `npm start`: nobody was left to stop them.
 * They are known by what their keeper wrote into their environment; without /proc (macOS) none are found.
 */
export async function endLeftBehind(hostRoot: string): Promise<void> {
  const found = leftBehind(hostRoot)
  for (const pid of found) signal(pid, 'SIGTERM')
  for (const untilMs = Date.now() + endWithinMs; Date.now() < untilMs && leftBehind(hostRoot).length > 0; )
    await delay(50)
  for (const pid of leftBehind(hostRoot)) signal(pid, 'SIGKILL')
}

function leftBehind(hostRoot: string): readonly number[] {
  try {
    const mark = `SANKOFA_HOST_ROOT=${realpathSync(hostRoot)}\0`
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .filter((pid) => pid !== process.pid && environmentOf(pid).includes(mark))
  } catch {
    // No host was ever started here, or there is no /proc.
    return []
  }
}

function environmentOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8')
  } catch {
    return ''
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // It has just ended.
  }
}
