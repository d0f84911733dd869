import { signal } from '@preact/signals'

/** Which page is shown; the address says it, so that the browser's own back button works. */
export type Route =
  | { readonly page: 'overview' }
  | { readonly page: 'releases' }
  | { readonly page: 'ship'; readonly run: string }

export const shipLink = (run: string): string => `#/releases/ship/${encodeURIComponent(run)}`

/** What is no page of ours, such as the target of a link within the first screen, is the first screen. */
export function routeOf(hash: string): Route {
  const [, run] = /^#\/releases\/ship\/([^/]+)$/.exec(hash) ?? []
  if (run !== undefined) return { page: 'ship', run: decode(run) }
  return { page: /^#\/releases\/?$/.test(hash) ? 'releases' : 'overview' }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

export const route = signal<Route>({ page: 'overview' })

export function followAddress(): void {
  const follow = (): void => {
    route.value = routeOf(location.hash)
  }
  addEventListener('hashchange', follow)
  follow()
}
