import pg from 'pg'

export type Listener = { stop(): Promise<void> }

/**
 * Calls `onChange` for every notification, after every (re)connection, and every `pollMs` whatever happens: a lost
 * notification, or a pooler that cannot carry LISTEN, costs at most `pollMs`. Calls are merged: at most one is waiting.
 */
export function listen(options: {
  readonly url: string
  readonly channels: readonly string[]
  readonly pollMs: number
  onChange(): void
}): Listener {
  let stopped = false
  let client: pg.Client | undefined
  let retry: NodeJS.Timeout | undefined
  let waiting = false

  const tell = (): void => {
    if (stopped || waiting) return
    waiting = true
    setImmediate(() => {
      waiting = false
      if (!stopped) options.onChange()
    })
  }
  const connect = async (): Promise<void> => {
    const mine = new pg.Client({
      connectionString: options.url,
      application_name: 'sankofa-listen',
      keepAlive: true,
      connectionTimeoutMillis: 3_000,
    })
    let lost = false
    const lose = (): void => {
      if (lost) return
      lost = true
      if (client === mine) client = undefined
      void mine.end().catch(() => {})
      if (!stopped) retry = setTimeout(() => void connect(), 1_000)
    }
    mine.on('error', lose)
    mine.on('end', lose)
    mine.on('notification', tell)
    try {
      await mine.connect()
      for (const channel of options.channels) await mine.query(`listen ${pg.escapeIdentifier(channel)}`)
      if (stopped) return lose()
      client = mine
      tell()
    } catch {
      // Away: `lose` tries again in a second, and the poll goes on meanwhile.
      lose()
    }
  }

  void connect()
  const poll = setInterval(tell, options.pollMs)
  poll.unref()
  return {
    async stop() {
      stopped = true
      clearInterval(poll)
      clearTimeout(retry)
      await client?.end().catch(() => {})
    },
  }
}
