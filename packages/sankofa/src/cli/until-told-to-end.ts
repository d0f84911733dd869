/**
 * Resolves, and aborts `ending`, at SIGTERM, at Ctrl-C, or when the parent that started this process is gone
 * (only where `SANKOFA_PARENT_PID` says that there is one to follow).
 */
export function untilToldToEnd(ending: AbortController): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearInterval(watch)
      ending.abort()
      resolve()
    }
    const parent = Number(process.env.SANKOFA_PARENT_PID)
    const watch = setInterval(() => {
      if (Number.isInteger(parent) && parent > 0 && process.ppid !== parent) end()
    }, 500)
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, end)
  })
}
