import type { Sankofa } from 'sankofa'
import { sankofaFastify } from 'sankofa/fastify'
import { observePool } from 'sankofa/observe'
import type { Toolkit } from './toolkit.ts'

/** The market as it runs: measured, its flags from PostgreSQL. */
export const underSankofa = (sankofa: Sankofa): Toolkit => ({
  isOn: (flag, { subject }) => sankofa.isOn(flag, subject === undefined ? {} : { subject }),
  value: (tunable) => sankofa.value(tunable),
  events: sankofa.events,
  observePool,
  async measure(app, subjectOf) {
    await app.register(sankofaFastify, { sankofa, subject: subjectOf })
  },
})
