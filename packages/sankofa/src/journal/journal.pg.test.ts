import { expect, test } from '#harness'
import { changeId } from '../core/index.ts'
import { createLease, watcherLease } from '../db/index.ts'
import { foldAll, foldChange, openJournal, propose, requestBack, requestGo, requestHold } from './index.ts'

const plan = {
  kind: 'flag',
  title: 'New search',
  control: 'subjects',
  dependsOn: [],
  size: { unit: 'flags', n: 1 },
  plan: { flag: 'search' },
} as const
const proof = {
  ok: true,
  digest: 'd',
  base: 'b',
  expiresAt: '2100-01-01T00:00:00Z',
  loss: 'kept',
  undoMs: 1,
  locks: [],
  steps: [],
} as const
const forecast = { requestsPerSecond: 1, subjectsPerWindow: 1, sentence: '', stages: [], cannotSee: [] }
const stage = { share: 0.99, ruleOutRatio: undefined, ruleOutExcess: undefined, minimumMs: 0 }
const started = { salt: '0123456789abcdef', stages: [stage], guards: [], alpha: 0.01, sampleRate: 1, forecast }

test('what was appended is read back with its id, time, author and data', async ({ db }) => {
  const journal = openJournal(db.pool)
  const written = await propose(journal, { change: 'search', actor: 'ama', ...plan })

  const records = await journal.read({ change: changeId('search') })

  expect(records).toEqual([written])
  expect(written).toMatchObject({ type: 'proposed', kind: 'flag', actor: 'ama', epoch: undefined })
  expect(typeof written.id).toBe('bigint')
  expect(await journal.read({ afterId: written.id })).toEqual([])
})

test('a record that the state does not allow is refused with what to do, and nothing is written', async ({ db }) => {
  const journal = openJournal(db.pool)
  await propose(journal, { change: 'search', actor: 'ama', ...plan })

  await expect(requestHold(journal, { change: 'search', actor: 'ama', reason: 'wait' })).rejects.toMatchObject({
    code: 'CHANGE_NOT_ALLOWED',
    message:
      'Change search is proposed, so it cannot be held. Only a change that is out, and neither held nor on its way back, can be held.',
  })
  await expect(requestGo(journal, { change: 'serach', actor: 'ama' })).rejects.toMatchObject({
    code: 'CHANGE_UNKNOWN',
    message: 'There is no change "serach". Known: search.',
  })
  expect(await journal.read()).toHaveLength(1)
})

test('a change cannot start without a proof, unless a person asked for it unproved', async ({ db }) => {
  const journal = openJournal(db.pool)
  await propose(journal, { change: 'search', actor: 'ama', ...plan })
  await requestGo(journal, { change: 'search', actor: 'ama' })
  const start = (unproved?: string) =>
    journal.append({
      change: changeId('search'),
      type: 'started',
      actor: 'watcher',
      data: unproved === undefined ? started : { ...started, unproved },
    })

  await expect(start()).rejects.toMatchObject({ code: 'CHANGE_NOT_ALLOWED' })
  await expect(start('made up')).rejects.toMatchObject({ code: 'CHANGE_NOT_ALLOWED' })
  await requestGo(journal, { change: 'search', actor: 'ama', unproved: 'the shop is down anyway' })
  await start('the shop is down anyway')

  const state = foldChange(await journal.read())
  expect(state).toMatchObject({ state: 'exposed', stage: 0, unproved: 'the shop is down anyway' })
  expect(state?.go?.startedBy).toBe('ama')
})

test('of two that start the same change at once one wins, and the ids follow the commits', async ({ db }) => {
  const journal = openJournal(db.pool)
  await propose(journal, { change: 'search', actor: 'ama', ...plan })
  await journal.append({ change: changeId('search'), type: 'proved', actor: 'ama', data: { proof } })
  await requestGo(journal, { change: 'search', actor: 'ama' })
  const start = () =>
    journal.append({ change: changeId('search'), type: 'started', actor: 'watcher', data: started }).then(
      () => 'started',
      (error: { code: string }) => error.code,
    )

  const outcomes = await Promise.all([start(), start(), start()])

  expect(outcomes.sort()).toEqual(['CHANGE_NOT_ALLOWED', 'CHANGE_NOT_ALLOWED', 'started'])
})

test('a replaced leader cannot write to the journal', async ({ db }) => {
  const journal = openJournal(db.pool)
  await propose(journal, { change: 'search', actor: 'ama', ...plan })
  const old = createLease(db.pool, { name: watcherLease, holder: 'old', ttlMs: 60_000 })
  const epoch = (await old.acquire()) ?? 0n
  await old.release(epoch)
  await createLease(db.pool, { name: watcherLease, holder: 'new', ttlMs: 60_000 }).acquire()

  const write = journal.append({ change: changeId('search'), type: 'proved', actor: 'old', data: { proof } }, { epoch })

  await expect(write).rejects.toMatchObject({ code: 'STALE_EPOCH' })
  expect((await journal.read()).map((record) => record.type)).toEqual(['proposed'])
})

test('the database itself refuses to alter or remove what was written', async ({ db }) => {
  const journal = openJournal(db.pool)
  await propose(journal, { change: 'search', actor: 'ama', ...plan })

  await expect(db.pool.query(`update sankofa.journal set actor = 'kofi'`)).rejects.toThrow('append-only')
  await expect(db.pool.query('delete from sankofa.journal')).rejects.toThrow('append-only')
  await expect(db.pool.query('truncate sankofa.journal')).rejects.toThrow('append-only')
})

test('a row that somebody wrote by hand is left out and counted, whatever it says', async ({ db }) => {
  const journal = openJournal(db.pool)
  await propose(journal, { change: 'search', actor: 'ama', ...plan })
  const types = [
    'proposed',
    'proved',
    'refused',
    'go-requested',
    'started',
    'exposing',
    'exposed',
    'held',
    'unheard-of',
  ]
  for (const type of types) {
    for (const data of ['null', '[]', '{"proof": null, "stages": 1, "share": "x", "reason": 7, "unproved": 1}']) {
      await db.pool.query(
        `insert into sankofa.journal (change_id, kind, type, actor, data) values ('search', 'flag', $1, 'mallory', $2::jsonb)`,
        [type, data],
      )
    }
  }

  const state = foldChange(await journal.read())

  expect(state).toMatchObject({ state: 'proposed', ignored: 3 * types.length })
  await requestGo(journal, { change: 'search', actor: 'ama' })
  expect(foldChange(await journal.read())?.pending).toMatchObject({ want: 'go', actor: 'ama' })
})

test('a reason that PostgreSQL could not keep as it is, is kept as far as it can be', async ({ db }) => {
  const journal = openJournal(db.pool)
  await propose(journal, { change: 'search', actor: 'ama', ...plan })

  const reason = 'bytes \0 and half a face \ud83d'
  await journal.append({ change: changeId('search'), type: 'refused', actor: 'watcher', data: { reason } })

  expect(foldChange(await journal.read())?.refusal?.reason).toBe('bytes \ufffd and half a face \ufffd')
})

test('data of the wrong shape is refused, and an infinite figure does not become null', async ({ db }) => {
  const journal = openJournal(db.pool)
  await propose(journal, { change: 'search', actor: 'ama', ...plan })

  const wrong = journal.append({
    change: changeId('search'),
    type: 'proved',
    actor: 'ama',
    data: { proof: { ...proof, undoMs: -1 } },
  })
  await expect(wrong).rejects.toMatchObject({ code: 'JOURNAL_RECORD_WRONG' })
  await journal.append({
    change: changeId('search'),
    type: 'proved',
    actor: 'ama',
    data: { proof: { ...proof, undoMs: Number.POSITIVE_INFINITY } },
  })

  expect(foldChange(await journal.read())?.proof?.undoMs).toBe(Number.MAX_VALUE)
})

test('back without a name takes the change that went out last', async ({ db }) => {
  const journal = openJournal(db.pool)
  await expect(requestBack(journal, { actor: 'ama', reason: 'hurts' })).rejects.toMatchObject({
    code: 'NOTHING_TO_TAKE_BACK',
  })
  for (const change of ['first', 'second', 'third']) {
    await propose(journal, { change, actor: 'ama', ...plan })
    await journal.append({ change: changeId(change), type: 'proved', actor: 'ama', data: { proof } })
  }
  for (const change of ['second', 'first']) {
    await requestGo(journal, { change, actor: 'ama' })
    await journal.append({ change: changeId(change), type: 'started', actor: 'watcher', data: started })
  }

  const asked = [
    await requestBack(journal, { actor: 'kofi', reason: 'hurts' }),
    await requestBack(journal, { actor: 'kofi', reason: 'hurts' }),
  ]

  expect(asked.map((record) => record.change)).toEqual(['first', 'second'])
  const states = foldAll(await journal.read())
  expect(states.get(changeId('first'))?.pending).toMatchObject({ want: 'back', actor: 'kofi', reason: 'hurts' })
})
