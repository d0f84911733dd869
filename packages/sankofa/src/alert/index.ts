export { alertProblems } from './alert-problems.ts'
export { verifyWebhook } from './channels/webhook.ts'
export type {
  AlertSettings,
  AttemptWords,
  Audience,
  ChannelSettings,
  EmailSettings,
  NamedAttempt,
  WebhookSettings,
} from './settings.ts'
