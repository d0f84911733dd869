import { parseArgs } from 'node:util'
import type { BenchOptions } from './options.ts'

type Bench = { run(options: BenchOptions): Promise<Record<string, unknown>> }

const benches: Readonly<Record<string, { readonly question: string; load(): Promise<Bench> }>> = {
  flags: { question: 'How many flags does one core answer in a second?', load: () => import('./flags/index.ts') },
  gateway: {
    question: 'What does the gateway cost a request, beside other proxies?',
    load: () => import('./gateway/index.ts'),
  },
  judge: {
    question: 'How often does the judge accuse the innocent, and how fast does it find harm?',
    load: () => import('./judge/index.ts'),
  },
  loop: {
    question: 'Is every planted fault undone on the running shop, and who was hurt meanwhile?',
    load: () => import('./loop/index.ts'),
  },
  migrate: { question: 'What do applying and proving migrations cost?', load: () => import('./migrate/index.ts') },
  observe: { question: 'What does measuring cost a request?', load: () => import('./observe/index.ts') },
  release: {
    question: 'Does anybody lose a request when releases come and go, and how fast is back?',
    load: () => import('./release/index.ts'),
  },
  'release-kills': {
    question: 'Does everything agree again after kill -9 of anything, at any step of a release and back?',
    load: () => import('./release/kills-index.ts'),
  },
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    seed: { type: 'string' },
    runs: { type: 'string' },
    corpus: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})
const [name] = positionals
const bench = name === undefined ? undefined : benches[name]
const wholeNumber = (option: 'seed' | 'runs'): number | undefined => {
  const text = values[option]
  if (text === undefined) return undefined
  if (/^\d+$/.test(text)) return Number(text)
  console.error(`--${option}: found "${text}", expected a whole number.`)
  process.exit(2)
}

if (bench === undefined || values.help) {
  console.log('npm run bench -- NAME [--json] [--seed N] [--runs N] [--corpus DIR]\n')
  for (const [key, { question }] of Object.entries(benches)) console.log(`  ${key.padEnd(10)} ${question}`)
  process.exitCode = values.help ? 0 : 2
} else {
  const { run } = await bench.load()
  // With --json only the result goes to standard output.
  const log = (line: string): void => (values.json ? console.error(line) : console.log(line))
  const { json, corpus } = values
  const result = await run({ json, seed: wholeNumber('seed'), runs: wholeNumber('runs'), corpus, log })
  if (values.json) console.log(JSON.stringify(result, null, 2))
  process.exitCode = result.ok === false ? 1 : 0
}
