import { createHmac } from 'node:crypto'

/** Sessions and webhooks are signed with a secret of their own, so that one use cannot be turned into another. */
export const marketSecret = (secret: string): string =>
  createHmac('sha256', secret).update('market').digest('base64url')
