import { tmpdir } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { type Remember, runSteps, type StepEvent } from './run-steps.ts'
import { runInStep, type Step, stepFailed } from './step.ts'

const step = (id: string, run: Step['run'], more: Partial<Step> = {}): Step => ({ id, title: `Do ${id}`, run, ...more })

const memory = (): Remember & { readonly kept: Map<string, string> } => {
  const kept = new Map<string, string>()
  return {
    kept,
    done: async (id, key) => kept.get(`${id} ${key}`),
    record: async (id, key, result) => {
      kept.set(`${id} ${key}`, result)
    },
  }
}

test('steps run in order, each telling when it began, what it said and what came out', async () => {
  const events: StepEvent[] = []

  const outcome = await runSteps(
    [
      step('one', async ({ log }) => {
        log('working')
        return 'made one'
      }),
      step('two', async () => 'made two', { skip: () => 'nothing to do here' }),
      step('three', async () => ({ skipped: 'nobody answers' })),
    ],
    { onEvent: (event) => events.push(event), now: () => new Date(0) },
  )

  expect(events.map(({ type, id }) => `${type} ${id}`)).toEqual([
    'begun one',
    'line one',
    'done one',
    'skipped two',
    'begun three',
    'skipped three',
  ])
  expect(outcome.state).toBe('done')
  expect(outcome.steps.map(({ state, detail }) => `${state}: ${detail}`)).toEqual([
    'done: made one',
    'skipped: nothing to do here',
    'skipped: nobody answers',
  ])
})

test('the first failure stops the run, with the last forty lines and what to do', async () => {
  const outcome = await runSteps([
    step('test', async ({ log }) => {
      for (let line = 1; line <= 60; line++) log(`line ${line}`)
      throw stepFailed('2 tests fail.', 'Mend them.')
    }),
    step('build', async () => 'never'),
  ])

  expect(outcome).toMatchObject({
    state: 'failed',
    steps: [{ state: 'failed' }, { id: 'build', state: 'not reached' }],
    failure: { id: 'test', reason: '2 tests fail.', next: 'Mend them.' },
  })
  expect(outcome.failure?.lastLines).toHaveLength(40)
  expect(outcome.failure?.lastLines[0]).toBe('line 21')
})

test('a run that is repeated goes on where it failed, and repeats what has other inputs', async () => {
  const remember = memory()
  const ran: string[] = []
  const did = (id: string, result: string): string => {
    ran.push(id)
    return result
  }
  let tree = 'aaa'
  let mended = false
  const steps = [
    step('install', async () => did('install', 'installed'), { key: () => 'lock' }),
    step('lint', async () => did('lint', 'clean'), { key: async () => tree }),
    step(
      'test',
      async () => {
        ran.push('test')
        if (!mended) throw stepFailed('It fails.', 'Mend it.')
        return 'passed'
      },
      { key: async () => tree },
    ),
    step('always', async () => did('always', 'done')),
  ]

  await runSteps(steps, { remember })
  expect(ran.splice(0)).toEqual(['install', 'lint', 'test'])

  mended = true
  const second = await runSteps(steps, { remember })
  expect(ran.splice(0)).toEqual(['test', 'always'])
  expect(second.steps[0]).toMatchObject({ state: 'skipped', detail: 'done before: installed' })

  tree = 'bbb'
  await runSteps(steps, { remember })
  expect(ran).toEqual(['lint', 'test', 'always'])
})

test('an abort ends the running program and is told as an abort, not as a failure', async () => {
  const abort = new AbortController()
  const begun = Promise.withResolvers<void>()
  const run = runSteps(
    [
      step('long', async (context) => {
        await runInStep([process.execPath, '-e', 'console.log("up"); setInterval(() => {}, 1000)'], context, {
          cwd: tmpdir(),
        })
        return 'never'
      }),
      step('next', async () => 'never'),
    ],
    { signal: abort.signal, onEvent: ({ type }) => type === 'line' && begun.resolve() },
  )
  await begun.promise

  abort.abort()
  const outcome = await run

  expect(outcome.state).toBe('aborted')
  expect(outcome.failure).toBeUndefined()
  expect(outcome.steps.map(({ state }) => state)).toEqual(['aborted', 'not reached'])
})

test('a step that minds no signal holds an aborted run up for less than 5 s, and says nothing more', async () => {
  const abort = new AbortController()
  const events: string[] = []
  let talk = (): void => {}
  const run = runSteps(
    [
      step('deaf', async ({ log }) => {
        talk = () => log('still here')
        await delay(20_000, undefined, { ref: false })
        return 'never'
      }),
    ],
    { signal: abort.signal, onEvent: ({ type }) => events.push(type) },
  )

  const startedMs = performance.now()
  abort.abort()
  const outcome = await run
  talk()

  expect(outcome.state).toBe('aborted')
  expect(performance.now() - startedMs).toBeLessThan(5_000)
  expect(events).toEqual(['begun', 'aborted'])
})

test('a step that was aborted is not remembered as done', async () => {
  const abort = new AbortController()
  const remember = memory()

  await runSteps(
    [
      step(
        'quick',
        async () => {
          abort.abort()
          return 'made'
        },
        { key: () => 'k' },
      ),
    ],
    { signal: abort.signal, remember },
  )

  expect(remember.kept.size).toBe(0)
})
