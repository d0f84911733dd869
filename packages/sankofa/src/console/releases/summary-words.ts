import { list, percent } from '../words.ts'
import type { ReleasesStatus, ServiceReleases } from './contract.ts'

type Told = Pick<ReleasesStatus, 'sentence' | 'detail'>

/** What everybody gets and what goes out, in a sentence; what is not known or does not run comes first. */
export function summarize(services: readonly ServiceReleases[]): Told {
  const told = services.map((service) => ({ ...ofOne(service), service: service.service }))
  const [worst] = [...told].sort((a, b) => b.weight - a.weight)
  if (worst === undefined) {
    return { sentence: 'No release has been made yet.', detail: 'How to ship the first one is below.' }
  }
  if (told.length === 1) return { sentence: worst.sentence, detail: worst.detail }
  const busy = told.filter(({ weight }) => weight > 0)
  if (busy.length === 0) return { sentence: `${told.length} services run, and nothing goes out.`, detail: '' }
  const others = busy.filter(({ service }) => service !== worst.service).map(({ service }) => service)
  const also = others.length === 0 ? '' : `Look at ${list(others)} too.`
  return { sentence: `${worst.service}: ${worst.sentence}`, detail: [worst.detail, also].filter(Boolean).join(' ') }
}

function ofOne({ current, next, hosts }: ServiceReleases): Told & { readonly weight: number } {
  if (current === null) {
    return { weight: 1, sentence: 'Nobody gets a release yet.', detail: 'Start a host with “npx sankofa host”.' }
  }
  const speaking = hosts.filter((host) => !host.silent)
  if (speaking.length === 0) {
    return {
      weight: 5,
      sentence:
        hosts.length === 0
          ? `Not known: no host reports, so nobody may get ${current.release}.`
          : 'Not known: no host has reported of late.',
      detail: 'Look whether “sankofa host” runs there and reaches the database. What you see below is from before.',
    }
  }
  const broken = speaking.filter(({ gateway }) => gateway?.state === 'failed').map(({ host }) => host)
  if (broken.length > 0) {
    const detail = 'Its last words are below, and its log has more.'
    return { weight: 7, sentence: `Nobody is served on ${list(broken)}: the gateway does not run.`, detail }
  }
  if (current.health.state === 'failed') {
    return {
      weight: 6,
      sentence: `${current.release}, which ${next === null ? 'everybody gets' : 'most get'}, does not run everywhere.`,
      detail: current.health.words,
    }
  }
  if (next !== null) {
    const shown = next.share === 0 ? 'nobody yet' : `${percent(next.share)} of customers`
    if (next.health.state === 'failed') {
      const sentence = `${next.release}, given to ${shown}, does not run everywhere.`
      return { weight: 4, sentence, detail: next.health.words }
    }
    const detail = next.health.state === 'ready' ? '' : `${next.release}: ${next.health.words}`
    const sentence =
      next.share >= 1
        ? `${next.release} is given to everybody and watched; ${current.release} runs on beside it.`
        : `${next.release} is given to ${shown}; everybody else gets ${current.release}.`
    return { weight: next.health.state === 'ready' ? 2 : 3, sentence, detail }
  }
  if (current.health.state === 'ready')
    return { weight: 0, sentence: `Everybody gets ${current.release}, and nothing goes out.`, detail: '' }
  return { weight: 3, sentence: `Everybody gets ${current.release}.`, detail: current.health.words }
}
