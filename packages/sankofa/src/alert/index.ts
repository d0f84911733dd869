export { alertProblems } from './alert-problems.ts'
export { type Alerter, createAlerter } from './alerter.ts'
export { verifyWebhook } from './channels/webhook.ts'
export { type Incident, readIncidents } from './incident.ts'
export { type Notice, readNotices } from './notice.ts'
export { readRuleStates } from './rules/evaluate-rules.ts'
export type { Rule, RuleName, RuleState } from './rules/rule.ts'
export type {
  AlertSettings,
  AttemptWords,
  Audience,
  ChannelSettings,
  EmailSettings,
  NamedAttempt,
  WebhookSettings,
} from './settings.ts'
