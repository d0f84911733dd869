/** Writes moments in one time zone, for people. */
export type Times = {
  /** `14:26`; with the day when it is not the day of `beside`. */
  minute(at: Date, beside?: Date): string
  /** `14:26:03` */
  second(at: Date): string
}

export function timesIn(timeZone: string | undefined): Times {
  const zone = timeZone === undefined ? {} : { timeZone }
  const minute = new Intl.DateTimeFormat('en-GB', { ...zone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
  const second = new Intl.DateTimeFormat('en-GB', { ...zone, timeStyle: 'medium' })
  const day = new Intl.DateTimeFormat('en-GB', { ...zone, day: 'numeric', month: 'short' })
  return {
    minute: (at, beside) =>
      beside === undefined || day.format(at) === day.format(beside)
        ? minute.format(at)
        : `${minute.format(at)} on ${day.format(at)}`,
    second: (at) => second.format(at),
  }
}

/** `0.4 s`, `34 s`, `12 min`, `3 h 5 min` */
export function duration(ms: number): string {
  if (ms < 9_950) return `${(Math.max(0, ms) / 1_000).toFixed(1)} s`
  if (ms < 120_000) return `${Math.round(ms / 1_000)} s`
  const minutes = Math.round(ms / 60_000)
  if (minutes < 120) return `${minutes} min`
  return `${Math.floor(minutes / 60)} h${minutes % 60 === 0 ? '' : ` ${minutes % 60} min`}`
}

/** `1 minute`, `3 minutes`: whole minutes that have passed, at least one. */
export function wholeMinutes(ms: number): string {
  const minutes = Math.max(1, Math.floor(ms / 60_000))
  return minutes === 1 ? '1 minute' : `${minutes} minutes`
}

export const counted = (n: number, one: string, many: string): string =>
  `${n.toLocaleString('en')} ${n === 1 ? one : many}`

/** `5 %`, `0.5 %` */
export const percent = (share: number): string => `${Number((share * 100).toPrecision(2))} %`
