import { setTimeout as delay } from 'node:timers/promises'
import { expect, onTestFinished, type TestDatabase, test } from '#harness'
import { changeId } from '../core/index.ts'
import { createLease, watcherLease } from '../db/index.ts'
import { foldChange, type Journal, openJournal, propose, requestGo } from '../journal/index.ts'
import { sankofa } from './testing/project.ts'
import { emptyFolder, write } from './testing/service-project.ts'

const change = changeId('new-search')
const plan = { flag: 'new-search' }

/** A folder with a config, a change that waits to go out, and a watcher that leads and says nothing by itself. */
async function watched(db: TestDatabase): Promise<{ readonly folder: string; readonly journal: Journal }> {
  const folder = emptyFolder()
  write(folder, { 'sankofa.config.js': `export const config = { service: 'hello' }\n` })
  const journal = openJournal(db.pool)
  await propose(journal, {
    change,
    actor: 'ama',
    kind: 'flag',
    plan,
    title: 'A new search',
    control: 'subjects',
    dependsOn: [],
    size: { unit: 'flag', n: 1 },
  })
  await requestGo(journal, { change, actor: 'ama', unproved: 'a test' })
  await createLease(db.pool, { name: watcherLease, holder: 'test', ttlMs: 60_000 }).acquire()
  return { folder, journal }
}

/** Answers as soon as it is asked to take the change back. */
async function answerBack(journal: Journal, answer: () => Promise<unknown>): Promise<void> {
  const ending = new AbortController()
  onTestFinished(() => ending.abort())
  while (!ending.signal.aborted) {
    const asked = (await journal.read({ change })).some(({ type }) => type === 'back-requested')
    if (asked) return void (await answer())
    await delay(50)
  }
}

test('back of what was not out yet says that it does not go out', async ({ db }) => {
  const { folder } = await watched(db)

  const { code, out } = await sankofa(folder, db.url, 'back', 'new-search')

  expect({ code, out }).toEqual({ code: 0, out: 'new-search had not gone out yet, and does not now.\n' })
})

test('a watcher that says nothing in time is not waited for any longer', async ({ db }) => {
  const { folder, journal } = await watched(db)
  await startByHand(journal)

  const { code, out } = await sankofa(folder, db.url, 'back')

  expect({ code, out }).toEqual({
    code: 0,
    out: 'Asked: new-search is taken back within seconds. "sankofa status" shows it.\n',
  })
}, 20_000)

test('a refusal of the watcher is printed with its reason, and is an answer of no', async ({ db }) => {
  const { folder, journal } = await watched(db)
  await startByHand(journal)
  const reason = 'release-b stands on it. Take that back first: sankofa back release-b'
  const answering = answerBack(journal, () =>
    journal.append({ change, type: 'refused', actor: 'watcher', data: { reason } }),
  )

  const { code, out } = await sankofa(folder, db.url, 'back', 'new-search', '--json')
  await answering

  expect(code).toBe(1)
  expect(JSON.parse(out)).toEqual({ change: 'new-search', asked: 'back', watched: true, answer: 'refused', reason })
})

test('what the watcher takes back at once is said at once', async ({ db }) => {
  const { folder, journal } = await watched(db)
  await startByHand(journal)
  const answering = answerBack(journal, async () => {
    await journal.append({ change, type: 'undoing', actor: 'watcher', data: { reason: 'asked', cause: 'person' } })
    await journal.append({
      change,
      type: 'undone',
      actor: 'watcher',
      data: { undone: { tookMs: 3, summary: 'Everybody has the old search.' } },
    })
  })

  const { code, out } = await sankofa(folder, db.url, 'back')
  await answering

  expect({ code, out }).toEqual({ code: 0, out: 'new-search is taken back: nobody gets it any more.\n' })
  expect(foldChange(await journal.read({ change }))?.state).toBe('undone')
})

/** As the watcher journals it. */
async function startByHand(journal: Journal): Promise<void> {
  const started = {
    salt: '0123456789abcdef',
    stages: [{ share: 0.1, minimumMs: 1_000, ruleOutRatio: 2, ruleOutExcess: undefined }],
    guards: [],
    alpha: 0.01,
    sampleRate: 1,
    unproved: 'a test',
    forecast: { requestsPerSecond: 1, subjectsPerWindow: 1, sentence: 'Soon.', stages: [], cannotSee: [] },
  }
  await journal.append({ change, type: 'started', actor: 'watcher', data: started })
  await journal.append({ change, type: 'exposing', actor: 'watcher', data: { stage: 1, share: 0.1, shareBefore: 0 } })
  await journal.append({ change, type: 'exposed', actor: 'watcher', data: { stage: 1, share: 0.1 } })
}
