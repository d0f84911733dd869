import { Writable } from 'node:stream'
import { expect, test } from 'vitest'
import { type CommandResult, runCommand } from './run-command.ts'
import { type RunOutcome, runSteps } from './run-steps.ts'
import { showSteps } from './show-steps.ts'
import { type Step, stepFailed } from './step.ts'

const steps: readonly Step[] = [
  { id: 'install', title: 'Install dependencies', run: async () => '3 packages' },
  { id: 'audit', title: 'Look for known faults', run: async () => ({ skipped: 'nobody answers' }) },
  {
    id: 'test',
    title: 'Run the tests',
    run: async ({ log }) => {
      log('red')
      throw stepFailed('A test failed: adds.', 'Mend it.')
    },
  },
]

async function shown(
  options: { json?: boolean },
  of = steps,
): Promise<{ readonly text: string; readonly outcome: RunOutcome }> {
  let text = ''
  const out = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk)
      done()
    },
  }) as unknown as NodeJS.WriteStream
  const view = await showSteps(of, { ...options, out })
  const outcome = await runSteps(of, { onEvent: view.onEvent, now: () => new Date('2026-01-02T03:04:05Z') })
  await view.end(outcome)
  return { text, outcome }
}

/** `script` gives the program a real terminal. */
function onTerminal(source: string): Promise<CommandResult> {
  const quoted = `'${source.replaceAll("'", `'\\''`)}'`
  const run = `stty cols 100 rows 40; ${process.execPath} --conditions=sankofa-source --input-type=module -e ${quoted}`
  return runCommand(['script', '-qec', run, '/dev/null'], {
    cwd: import.meta.dirname,
    env: { CI: undefined, TERM: 'xterm' },
  })
}

test('without a terminal each thing is a line with its time, and the failure ends with what to do', async () => {
  const { text } = await shown({})

  expect(text.replace(/\(\d+ ms\)/g, '(N ms)')).toBe(
    [
      '03:04:05 ▶ Install dependencies',
      '03:04:05 ✓ install: 3 packages (N ms)',
      '03:04:05 ▶ Look for known faults',
      '03:04:05 - Look for known faults: skipped, nobody answers',
      '03:04:05 ▶ Run the tests',
      '03:04:05   red',
      '03:04:05 ✗ test: A test failed: adds. (N ms)',
      '',
      'Run the tests: A test failed: adds.',
      '  │ red',
      'Mend it.',
      '',
    ].join('\n'),
  )
})

test('as JSON every line is one event, and the last is the whole outcome', async () => {
  const { text, outcome } = await shown({ json: true })

  const lines = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(lines.map(({ type }) => type)).toEqual(['begun', 'done', 'begun', 'skipped', 'begun', 'line', 'failed', 'end'])
  expect(lines.at(-1)).toEqual({ type: 'end', ...JSON.parse(JSON.stringify(outcome)) })
})

test.skipIf(process.platform !== 'linux')(
  'on a terminal the list is drawn, with what came out, skipped ones and the failure',
  async () => {
    const source = `
    import { runSteps } from ${JSON.stringify(`${import.meta.dirname}/run-steps.ts`)}
    import { showSteps } from ${JSON.stringify(`${import.meta.dirname}/show-steps.ts`)}
    import { stepFailed } from ${JSON.stringify(`${import.meta.dirname}/step.ts`)}
    const steps = [
      { id: 'a', title: 'Install', run: async () => '3 packages' },
      { id: 'b', title: 'Audit', skip: () => 'nobody answers', run: async () => '' },
      { id: 'c', title: 'Test', run: async ({ log }) => { log('red'); throw stepFailed('adds fails.', 'Mend it.') } },
      { id: 'd', title: 'Build', run: async () => '' },
    ]
    const view = await showSteps(steps)
    const outcome = await runSteps(steps, { onEvent: view.onEvent })
    await view.end(outcome)
    console.log('TTY', process.stdout.isTTY)`
    const { stdout, lastLines } = await onTerminal(source)

    expect(stdout).toMatch(/TTY .*true/)
    const text = lastLines.join('\n')
    expect(text).toContain('Install: 3 packages')
    expect(text).toContain('Audit: nobody answers')
    expect(text).toContain('Mend it.')
    expect(text).not.toContain('Build:')
  },
)

test.skipIf(process.platform !== 'linux')(
  'a run that was aborted before its first step ends on a terminal too',
  async () => {
    const source = `
    import { runSteps } from ${JSON.stringify(`${import.meta.dirname}/run-steps.ts`)}
    import { showSteps } from ${JSON.stringify(`${import.meta.dirname}/show-steps.ts`)}
    const steps = [{ id: 'a', title: 'Install', run: async () => '' }]
    const view = await showSteps(steps)
    await view.end(await runSteps(steps, { onEvent: view.onEvent, signal: AbortSignal.abort() }))`

    const { code, stdout } = await onTerminal(source)

    expect(code).toBe(0)
    expect(stdout).toContain('Run it again')
  },
)
