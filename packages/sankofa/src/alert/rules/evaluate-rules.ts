import type pg from 'pg'
import sql from 'sql-template-tag'
import { closeIncident, findOpenIncident, openIncident } from '../incident.ts'
import { writeNotice } from '../notice.ts'
import { alone, type Tools } from '../tools.ts'
import { newRuleState, type Rule, type RuleName, type RuleState, stepRule } from './rule.ts'
import { ruleBeganText, ruleOverText } from './rule-text.ts'

/** Takes every rule one step on, and says what began and what is over, all in one transaction. */
export function evaluateRules(
  tools: Tools,
  rules: readonly Rule[],
  samples: { readonly [name in RuleName]: number | undefined },
): Promise<void> {
  const nowMs = tools.clock.now()
  return alone(tools.pool, async (client) => {
    const states = await readRuleStates(client)
    const after = new Map<RuleName, RuleState>()
    for (const rule of rules) {
      const before = states.get(rule.name) ?? newRuleState(nowMs)
      const step = stepRule(rule, before, samples[rule.name], nowMs)
      after.set(rule.name, step.state)
      if (step.tell === 'began') await tellBegan(tools, client, rule, step.state, nowMs)
      if (step.tell === 'over') await tellOver(tools, client, rule, step.state, nowMs)
    }
    await keep(client, after, nowMs)
  })
}

async function tellBegan(
  tools: Tools,
  client: pg.PoolClient,
  rule: Rule,
  state: RuleState,
  nowMs: number,
): Promise<void> {
  const at = new Date(nowMs)
  const incident = await openIncident(client, {
    subject: `rule:${rule.name}`,
    cause: `began:${nowMs}`,
    culprit: undefined,
    at,
  })
  const { subject, body } = ruleBeganText(rule, state, at, tools)
  const notice = { incident: incident.id, audience: 'developer', subject, body, data: { rule: rule.name } } as const
  await writeNotice(client, { ...notice, dedupKey: `rule:${rule.name}:${incident.id}:began` }, tools.channels, at)
}

async function tellOver(
  tools: Tools,
  client: pg.PoolClient,
  rule: Rule,
  state: RuleState,
  nowMs: number,
): Promise<void> {
  const at = new Date(nowMs)
  const incident = await findOpenIncident(client, `rule:${rule.name}`)
  if (incident === undefined) return
  const { subject, body } = ruleOverText(rule, state, incident.openedAt, at, tools)
  const notice = { incident: incident.id, audience: 'developer', subject, body, data: { rule: rule.name } } as const
  await writeNotice(client, { ...notice, dedupKey: `rule:${rule.name}:${incident.id}:over` }, tools.channels, at)
  await closeIncident(client, incident.id, at)
}

type Row = {
  readonly rule: RuleName
  readonly state: RuleState['state']
  readonly since: Date
  readonly value: number | null
  readonly data: Partial<Pick<RuleState, 'seenMs' | 'open' | 'flaps' | 'overAtMs'>>
}

/** Each rule's state as it was left, by whichever process; it survives a restart. */
export async function readRuleStates(client: pg.Pool | pg.ClientBase): Promise<ReadonlyMap<RuleName, RuleState>> {
  const { rows } = await client.query<Row>(sql`
    select rule_state.rule, rule_state.state, rule_state.since, rule_state.value, rule_state.data
      from sankofa.rule_state as rule_state`)
  return new Map(
    rows.map((row) => [
      row.rule,
      {
        state: row.state,
        sinceMs: row.since.getTime(),
        value: row.value ?? undefined,
        seenMs: row.data.seenMs,
        open: row.data.open ?? false,
        flaps: row.data.flaps ?? 0,
        overAtMs: row.data.overAtMs,
      },
    ]),
  )
}

async function keep(client: pg.PoolClient, states: ReadonlyMap<RuleName, RuleState>, nowMs: number): Promise<void> {
  const rows = [...states].map(([rule, { state, sinceMs, value, seenMs, open, flaps, overAtMs }]) => ({
    rule,
    state,
    since: new Date(sinceMs).toISOString(),
    value: value ?? null,
    data: { seenMs, open, flaps, overAtMs },
  }))
  await client.query(sql`
    insert into sankofa.rule_state as rule_state (rule, state, since, value, data, updated_at)
    select row.rule, row.state, row.since, row.value, row.data, ${new Date(nowMs)}::timestamptz
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
        as row (rule text, state text, since timestamptz, value double precision, data jsonb)
    on conflict (rule) do update
       set state = excluded.state, since = excluded.since, value = excluded.value, data = excluded.data,
           updated_at = excluded.updated_at`)
}
