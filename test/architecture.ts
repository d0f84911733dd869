/**
 * Who may import whom: the one table. A part of `packages/sankofa/src` may import the parts listed for it, and only their
 * index.ts. The order is the house's: a part stands below everything it may import.
 */
export const mayImport = {
  core: [],
  db: ['core'],
  histogram: ['core'],
  judge: ['core', 'histogram'],
  journal: ['core', 'db', 'judge'],
  events: ['core', 'db', 'journal'],
  observe: ['core', 'db', 'histogram', 'judge', 'journal', 'events'],
  migrate: ['core', 'db', 'judge', 'journal', 'events', 'observe'],
  flags: ['core', 'db', 'judge', 'journal', 'events', 'observe'],
  release: ['core', 'db', 'judge', 'journal', 'events', 'observe'],
  rollout: ['core', 'db', 'judge', 'journal', 'events', 'observe'],
  alert: ['core', 'db', 'histogram', 'judge', 'journal', 'events', 'observe'],
  pipeline: ['core', 'db', 'judge', 'journal', 'observe', 'migrate', 'release'],
  console: ['core', 'db', 'histogram', 'judge', 'journal', 'events', 'observe', 'alert', 'release'],
  cli: [
    'core',
    'db',
    'histogram',
    'judge',
    'journal',
    'events',
    'observe',
    'migrate',
    'flags',
    'release',
    'pipeline',
    'rollout',
    'alert',
    'console',
  ],
} as const satisfies Record<string, readonly string[]>

/** What to do instead, for imports that are tempting. */
export const advice: Readonly<Record<string, string>> = {
  'rollout → flags': 'Kinds reach rollout as ChangeKind values: pass the kind in from cli.',
  'alert → rollout':
    'Only rollout acts on changes: append "back-requested" to the journal, and read the journal for what was done.',
  'console → rollout':
    'Only rollout acts on changes: append a request to the journal (requestGo, requestHold, requestBack).',
  'observe → flags': 'Pass the exposures in as a function; the library root joins the two.',
  'judge → journal': 'The judge is pure: take what it needs as arguments, and let rollout fetch it.',
}

/** Which workspace packages may import which others, by public name. */
export const packagesMayImport: Readonly<Record<string, readonly string[]>> = {
  'packages/sankofa': [],
  'packages/ledger': [],
  'packages/console': ['sankofa'],
  'apps/market': ['sankofa', '@sankofa/ledger'],
  bench: ['sankofa', '@sankofa/ledger', '@sankofa/market'],
  scripts: ['sankofa', '@sankofa/market', '@sankofa/console'],
  test: ['sankofa', '@sankofa/ledger', '@sankofa/market'],
}
