import type pg from 'pg'
import { closeIncident, type Incident, openIncident } from '../incident.ts'
import { isWritten, writeNotice } from '../notice.ts'
import type { Audience } from '../settings.ts'
import { heldText, type Message, recoveredText, undoneText, undoSlowText } from '../text/developer-text.ts'
import { type OwnerStory, ownerText, plainWords, type StillWhy } from '../text/owner-text.ts'
import { alone, type Tools } from '../tools.ts'
import { type Case, type Undoing, undoingOf } from './case.ts'
import { figuresFinalAt, type Harm, harmOf } from './harm.ts'
import type { Recovery } from './recovery.ts'
import { watchRecovery } from './watch-recovery.ts'

// An undo of a flag takes well under a second; a migration that takes itself back blocks for 2 s at most.
const undoIsSlowAfterMs = 15_000

/**
 * Says what there is to say of one go, each thing once, however often this runs: to developers at once, to the owner when
 * the recovery was observed, or after a while that it was not.
 *
 * @returns true when nothing more can follow
 */
export function tellCase(tools: Tools, found: Case): Promise<boolean> {
  const undoing = undoingOf(found)
  if (undoing !== undefined) return tellUndo(tools, found, undoing)
  return found.held === undefined ? Promise.resolve(true) : tellHeld(tools, found, found.held)
}

async function tellHeld(tools: Tools, found: Case, held: NonNullable<Case['held']>): Promise<boolean> {
  const now = new Date(tools.clock.now())
  const isOver = found.state.held === undefined
  const harm = isOver ? undefined : await harmOf(tools.pool, found, tools.attempts, now)
  return alone(tools.pool, async (client) => {
    const incident = await incidentOf(client, found, `held:${held.at.getTime()}`, held.at)
    const teller = tellerOf(tools, client, incident, found, now)
    await teller.say('developer', `held:${held.at.getTime()}`, heldText(found, held, harm, tools))
    if (isOver) {
      await closeIncident(client, incident.id, now, { closedBy: 'decided' })
      return true
    }
    const late = now.getTime() - held.at.getTime() >= tools.stillHappeningAfterMs
    if (late && harm !== undefined && found.state.share > 0) {
      await teller.owner('owner-still', harm, {
        is: 'still',
        why: { is: 'waiting-for-people', share: found.state.share, since: held.at },
      })
    }
    return false
  })
}

async function tellUndo(tools: Tools, found: Case, undoing: Undoing): Promise<boolean> {
  const now = new Date(tools.clock.now())
  const harm = await harmOf(tools.pool, found, tools.attempts, now)
  const isFinal = undoing.done !== undefined && now >= figuresFinalAt(undoing.done.at)
  const recovery = harm === undefined || !isFinal ? undefined : await lookForRecovery(tools, found, undoing, harm, now)
  return alone(tools.pool, async (client) => {
    const incident = await incidentOf(client, found, 'undo', undoing.begunAt)
    if (incident.closedAt !== undefined) return true
    const teller = tellerOf(tools, client, incident, found, now)
    if (undoing.done !== undefined) {
      await teller.say('developer', 'undone', undoneText(found, undoing, harm, tools))
    } else if (now.getTime() - undoing.begunAt.getTime() >= undoIsSlowAfterMs) {
      await teller.say('developer', 'undo-slow', undoSlowText(found, undoing, now, tools))
    }
    if (harm === undefined) {
      if (isFinal) await closeIncident(client, incident.id, undoing.done?.at ?? now, { harmed: 0 })
      return isFinal
    }
    if (recovery?.is === 'normal') {
      const since = new Date(recovery.sinceMs)
      const forMs = now.getTime() - since.getTime()
      const toldBefore = await isWritten(client, teller.key('owner-still'))
      await teller.owner('owner-over', harm, { is: 'over', fixedAt: since, normalForMs: forMs, toldBefore })
      await teller.say('developer', 'recovered', recoveredText(found, undoing, harm, { since, forMs }, tools))
      await closeIncident(client, incident.id, since, { harmed: customersOf(harm) })
      return true
    }
    // What looks normal already gets the time that it takes to be sure.
    const patienceMs = tools.stillHappeningAfterMs + (recovery?.is === 'settling' ? tools.normalForMs : 0)
    if (now.getTime() - undoing.begunAt.getTime() >= patienceMs) {
      await teller.owner('owner-still', harm, { is: 'still', why: whyStill(undoing, recovery) })
    }
    return false
  })
}

function lookForRecovery(tools: Tools, found: Case, undoing: Undoing, harm: Harm, now: Date): Promise<Recovery> {
  return watchRecovery(tools.pool, harm, {
    change: found.state.change,
    exposedAt: found.state.go?.begun[0]?.at ?? undoing.begunAt,
    undoneAt: undoing.done?.at ?? now,
    nowMs: now.getTime(),
    normalForMs: tools.normalForMs,
  })
}

function whyStill(undoing: Undoing, recovery: Recovery | undefined): StillWhy {
  if (undoing.done === undefined) return { is: 'taking-back' }
  return { is: recovery?.is === 'not-normal' ? 'not-normal-yet' : 'not-known' }
}

const customersOf = (harm: Harm): number => (harm.kind === 'attempts' ? harm.figures.couldNot : harm.customers)

const incidentOf = (client: pg.PoolClient, found: Case, what: string, at: Date): Promise<Incident> =>
  openIncident(client, {
    subject: `change:${found.state.change}`,
    cause: `go:${found.goId}:${what}`,
    culprit: found.state.change,
    at,
  })

type Teller = {
  key(what: string): string
  say(audience: Audience, what: string, message: Message): Promise<boolean>
  owner(what: string, harm: Harm, state: OwnerStory['state']): Promise<boolean>
}

function tellerOf(tools: Tools, client: pg.PoolClient, incident: Incident, found: Case, now: Date): Teller {
  const { change } = found.state
  const key = (what: string): string => `change:${change}:go:${found.goId}:${what}`
  const say: Teller['say'] = (audience, what, { subject, body }) =>
    writeNotice(
      client,
      { dedupKey: key(what), incident: incident.id, audience, subject, body, data: { change, what } },
      tools.channels,
      now,
    )
  return {
    key,
    say,
    owner: (what, harm, state) =>
      say('owner', what, ownerText({ ...ownerFigures(tools, harm), now, state }, tools.times)),
  }
}

function ownerFigures(tools: Tools, harm: Harm): Omit<OwnerStory, 'now' | 'state'> {
  if (harm.kind === 'requests') {
    return {
      words: plainWords(tools.service, harm.slow),
      from: harm.from,
      customers: harm.customers,
      worth: undefined,
      worthIsLeast: false,
    }
  }
  const { figures, attempt, from } = harm
  return {
    words: attempt.owner,
    from,
    customers: figures.couldNot,
    worth: figures.worth.length === 0 && figures.withoutAmount > 0 ? undefined : figures.worth,
    worthIsLeast: figures.withoutAmount > 0,
  }
}
