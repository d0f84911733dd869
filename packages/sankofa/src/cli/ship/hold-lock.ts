import { SankofaError } from '../../core/index.ts'
import { createLease, shipLease } from '../../db/index.ts'
import type { Context } from '../context.ts'

/** One deployer of a service at a time; one that died lets another in after this. */
const lockMs = 15_000

/** @throws SankofaError `STEP_FAILED` while another ships */
export async function holdLock({ pool, config, actor }: Context): Promise<{ release(): Promise<void> }> {
  const holder = `${actor}/${process.pid}/${Date.now()}`
  const lease = createLease(pool, { name: shipLease(config.service), holder, ttlMs: lockMs })
  const epoch = await lease.acquire()
  if (epoch === undefined) {
    throw new SankofaError('STEP_FAILED', {
      what: `${await holderOf(pool, config.service)} ships ${config.service} now, and two at once would stand in each other's way.`,
      next: `Run this again when that is done. If it was killed, its lock ends within ${lockMs / 1_000} s.`,
    })
  }
  const renewing = setInterval(() => void lease.renew(epoch).catch(() => {}), lockMs / 3)
  return {
    async release() {
      clearInterval(renewing)
      await lease.release(epoch).catch(() => {})
    },
  }
}

async function holderOf(pool: Context['pool'], service: string): Promise<string> {
  const found = await pool.query<{ holder: string }>(
    'select lease.holder from sankofa.lease as lease where lease.name = $1',
    [shipLease(service)],
  )
  const [who, pid] = found.rows[0]?.holder.split('/') ?? []
  return who === undefined ? 'Somebody else' : `${who} (process ${pid})`
}
