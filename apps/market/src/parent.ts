/**
 * Calls `gone` once, when the process that started this one is no longer its parent. Without `SANKOFA_PARENT_PID` it never does.
 */
export function watchParent(gone: () => void): void {
  const expected = Number(process.env.SANKOFA_PARENT_PID ?? '')
  if (!Number.isInteger(expected) || expected <= 1) return
  const timer = setInterval(() => {
    if (process.ppid === expected) return
    clearInterval(timer)
    gone()
  }, 500)
  timer.unref()
}
