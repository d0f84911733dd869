import { valueKind } from './value-kind.ts'

/** How often one route sent one text, since it was last counted. */
export type Tally = { n: number; succeeded: boolean }

/** The kinds of a call's parameters are looked at in the first calls of a text, then in one of this many. */
const looksAtFirst = 8
const looksEvery = 64
const parametersAtMost = 300

/** What is known of one text as the service sends it. It holds the text's values, so it never leaves the process. */
export class Sighting {
  readonly text: string
  readonly kinds: Set<string>[] = []
  readonly routes: Map<string, Tally> = new Map()
  calls = 0
  #lastRoute: string | undefined
  #lastTally: Tally | undefined

  constructor(text: string) {
    this.text = text
  }

  /** @returns the tally of the route; `undefined` when there may be no more routes */
  count(route: string, values: unknown, mayAddRoute: () => boolean): Tally | undefined {
    this.calls += 1
    if (Array.isArray(values) && (this.calls <= looksAtFirst || this.calls % looksEvery === 0)) this.#look(values)
    // A text is nearly always of one route.
    let tally = this.#lastRoute === route ? this.#lastTally : this.routes.get(route)
    if (tally === undefined) {
      if (!mayAddRoute()) return undefined
      tally = { n: 0, succeeded: false }
      this.routes.set(route, tally)
    }
    this.#lastRoute = route
    this.#lastTally = tally
    tally.n += 1
    return tally
  }

  #look(values: readonly unknown[]): void {
    const length = Math.min(values.length, parametersAtMost)
    for (let index = 0; index < length; index += 1) {
      let kinds = this.kinds[index]
      if (kinds === undefined) {
        kinds = new Set()
        this.kinds[index] = kinds
      }
      kinds.add(valueKind(values[index]))
    }
  }
}
