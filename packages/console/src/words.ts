const counted = (n: number, unit: string): string => `${n} ${unit}${n === 1 ? '' : 's'}`

/** `12 s`, `3 min`, `2 h`, `5 days`: short, for an age or a wait. */
export function shortDuration(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1_000))
  if (s < 90) return `${s} s`
  const minutes = Math.round(s / 60)
  if (minutes < 90) return `${minutes} min`
  const hours = Math.round(minutes / 60)
  return hours < 48 ? `${hours} h` : counted(Math.round(hours / 24), 'day')
}

export const ago = (ms: number): string => `${shortDuration(ms)} ago`

/** `14:26`, or `14:26:09` with seconds; the viewer's own clock. */
export const clockTime = (iso: string | number, withSeconds = false): string =>
  new Intl.DateTimeFormat(undefined, {
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    ...(withSeconds ? { second: '2-digit' } : {}),
  }).format(new Date(iso))

/** `14:26` today, else `21 Nov, 14:26`. */
export function whenShort(iso: string | number, nowMs: number): string {
  const at = new Date(iso)
  const sameDay = at.toDateString() === new Date(nowMs).toDateString()
  if (sameDay) return clockTime(iso)
  return `${new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' }).format(at)}, ${clockTime(iso)}`
}

/** `2 %`, `0.4 %`, `12 %`: two figures, no more; never broken over two lines. */
export function percent(share: number): string {
  const value = share * 100
  if (value === 0 || value === 100) return `${value}\u00a0%`
  // 99.97 is not all of it.
  if (value > 99) return `${Math.floor(value * 10) / 10}\u00a0%`
  return `${value < 10 ? Number(value.toPrecision(2)) : Math.round(value)}\u00a0%`
}

export const count = (n: number): string => new Intl.NumberFormat('en').format(n)
