/** What a person sees when everything runs: where it is, and three things to try. */
export function welcome(facts: {
  readonly seconds: number
  readonly database: string
  readonly marketUrl: string
  readonly consoleLink: string
  readonly watcherPid: number | undefined
  readonly customers: boolean
  readonly logs: string
}): string {
  return `
Ready in ${facts.seconds.toFixed(1)} s. ${facts.customers ? 'Customers are shopping: about 50 requests a second, a quarter of them checkouts.' : 'No customers (CUSTOMERS=0).'}

  market    ${facts.marketUrl}          (API: ${facts.marketUrl}/openapi.json)
  console   ${facts.consoleLink}
  watcher   process ${facts.watcherPid ?? 'starting'}
  database  ${facts.database}
  logs      ${facts.logs}

Three things to try, in another terminal${facts.customers ? '' : ' (they need customers: start without CUSTOMERS=0)'}:
  1. npx sankofa go demo-broken-checkout     a change that breaks checkout: it is undone in about half a minute
  2. npx sankofa go demo-good-sorting        a harmless one: it goes on, stage by stage
  3. npx sankofa status                      what is out, what the evidence says, what was taken back

Ctrl-C stops everything.
`
}
