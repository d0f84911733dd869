import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Services } from '../services.ts'

const failsOneIn = 10

/** Nothing will be sent on this reply any more: the connection is gone, or was closed here. */
export class NeverAnswered extends Error {
  override readonly name = 'NeverAnswered'
}

/**
 * What the faulty demonstration changes do to an exposed checkout before it pays. It holds no connection and no lock meanwhile,
 * so the customers who are not exposed do not feel it.
 *
 * @returns how many times longer than it took the checkout still has to wait; 0 for the old path
 */
export async function beforePaying(services: Services, request: FastifyRequest, reply: FastifyReply): Promise<number> {
  const { takesNewPath, chance } = services
  if (await takesNewPath('demo-broken-checkout', request))
    throw new Error('demo-broken-checkout: the new price service is not there')
  if (await takesNewPath('demo-hang', request)) await hang(reply, services.hangsAtMostMs)
  if (!(await takesNewPath('demo-bad-checkout', request))) return 0
  if (chance() < 1 / failsOneIn) throw new Error('demo-bad-checkout: the new fraud check gave no answer')
  return 0.5 + chance() * 0.5
}

/** Waits until the client leaves, at most so long, then ends without an answer. */
async function hang(reply: FastifyReply, atMostMs: number): Promise<never> {
  reply.hijack()
  const socket = reply.raw
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      socket.off('close', done)
      resolve()
    }
    const timer = setTimeout(done, atMostMs)
    socket.once('close', done)
    if (socket.destroyed) done()
  })
  socket.destroy()
  throw new NeverAnswered('demo-hang: the new payment form never answers')
}

/** The slow half of `demo-bad-checkout`: 1.5 to 2 times what this checkout took so far. */
export async function lingerFor(share: number, startedMs: number): Promise<void> {
  if (share > 0) await delay((performance.now() - startedMs) * share)
}
