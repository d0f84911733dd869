const shipWith = (patch: string): string =>
  `npx sankofa ship --directory . --with apps/market/releases/${patch} --unchecked "a demonstration"`

/** What a person sees when everything runs: where it is, and three things to try. */
export function welcome(facts: {
  readonly seconds: number
  readonly database: string
  readonly marketUrl: string
  readonly consoleLink: string
  readonly release: string
  readonly watcherPid: number | undefined
  readonly customers: boolean
  readonly logs: string
}): string {
  return `
Ready in ${facts.seconds.toFixed(1)} s. ${facts.customers ? 'Customers are shopping: about 50 requests a second, a quarter of them checkouts.' : 'No customers (CUSTOMERS=0).'}

  market    ${facts.marketUrl}          (API: ${facts.marketUrl}/openapi.json; behind the gateway: release ${facts.release})
  console   ${facts.consoleLink}
  watcher   process ${facts.watcherPid ?? 'starting'}
  database  ${facts.database}
  logs      ${facts.logs}

To try, in another terminal${facts.customers ? '' : ' (it needs customers: start without CUSTOMERS=0)'}:
  1. npx sankofa go demo-broken-checkout     a change that breaks checkout: it is undone in about half a minute
  2. npx sankofa go demo-good-sorting        a harmless one: it goes on, stage by stage
  3. ${shipWith('0002-leak.patch')}
                                             a new release that leaks: it starts beside the old one, and is taken back
                                             in about four minutes
  4. ${shipWith('0001-thanks.patch')}
                                             a sound one
  5. npx sankofa status                      what is out, what the evidence says, what was taken back

Those two releases are this folder with a patch on top, uncommitted edits included; they skip this repository's own checks,
which take ten minutes.

Ctrl-C stops everything.
`
}
