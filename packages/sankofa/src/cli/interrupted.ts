/** Aborts at Ctrl-C or SIGTERM; a second one ends the process as it would have without us. */
export function untilInterrupted(): { readonly signal: AbortSignal } {
  const ending = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ending.abort())
  return { signal: ending.signal }
}
