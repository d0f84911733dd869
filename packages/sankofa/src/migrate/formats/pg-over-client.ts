import { EventEmitter } from 'node:events'
import pg from 'pg'
import type { StepClient } from '../migration.ts'
import { requireFrom } from './require-from.ts'

type Types = Pick<typeof pg.types, 'getTypeParser'>
type Callback = (error: unknown, result?: unknown) => void
type Query = {
  readonly text: string
  readonly values?: readonly unknown[]
  readonly rowMode?: string
  readonly types?: Types
}

/** Something that looks like the package `pg` to a tool, and sends everything through one client. */
export type PgOverClient = {
  readonly Client: new (settings?: { readonly types?: Types }) => object
  readonly Pool: new () => object
  readonly types: object
  readonly defaults: object
  /** A client for whoever asks for no package: a loader's functions, a builder of SQL. */
  readonly client: StepClient
  /** While true, what the tool sends is answered as done without being sent: its own begin and commit. */
  muted: boolean
  /** Waits for what a migration has sent without waiting for it, and refuses what it sends from now on. */
  end(): Promise<void>
}

const done = { command: '', rowCount: 0, oid: 0, rows: [], fields: [] }

/**
 * @param root - the project, whose `pg` says how values are parsed: migrations were written for that, not for the
 *   parsers of the client
 */
export function pgOverClient(step: StepClient, root: string): PgOverClient {
  const types = typesOf(root)
  // One statement at a time: tools send several at once to a pool, and here is only one connection.
  let queue: Promise<unknown> = Promise.resolve()
  let ended = false
  const send = (query: Query, own: Types): Promise<unknown> => {
    if (ended)
      return Promise.reject(new Error(`The migration had ended when it sent: ${query.text}. Wait for it inside.`))
    const { muted } = over
    const sent = queue.then(() =>
      muted ? done : step.query({ ...query, types: query.types ?? own } as pg.QueryConfig),
    )
    queue = sent.catch(() => {})
    return sent
  }

  class Client extends EventEmitter {
    /** Sequelize listens here for the server's parameters. */
    readonly connection = new EventEmitter()
    readonly #types: Types
    constructor(settings?: { readonly types?: Types }) {
      super()
      this.#types = settings?.types ?? types
    }
    query(first: string | Query, ...rest: readonly unknown[]): Promise<unknown> | undefined {
      const asked = typeof first === 'string' ? { text: first } : first
      if ('submit' in asked) throw new Error('A migration cannot stream rows or COPY through Sankofa. Send statements.')
      const values = rest.find((one) => Array.isArray(one)) ?? asked.values
      const sent = send(
        {
          text: asked.text,
          ...(Array.isArray(values) && values.length > 0 ? { values } : {}),
          ...(asked.rowMode === undefined ? {} : { rowMode: asked.rowMode }),
          ...(asked.types === undefined ? {} : { types: asked.types }),
        },
        this.#types,
      )
      const callback = rest.find((one): one is Callback => typeof one === 'function')
      if (callback === undefined) return sent
      sent.then((result) => callback(null, result), callback)
      return undefined
    }
    connect(callback?: Callback): Promise<void> | undefined {
      if (callback === undefined) return Promise.resolve()
      queueMicrotask(() => callback(null))
      return undefined
    }
    release(): void {}
    end(callback?: Callback): Promise<void> {
      callback?.(null)
      return Promise.resolve()
    }
  }

  class Pool extends EventEmitter {
    connect(callback?: (error: unknown, client: Client, release: () => void) => void): Promise<Client> | undefined {
      const client = new Client()
      if (callback === undefined) return Promise.resolve(client)
      queueMicrotask(() => callback(null, client, () => {}))
      return undefined
    }
    query(first: string | Query, ...rest: readonly unknown[]): Promise<unknown> | undefined {
      return new Client().query(first, ...rest)
    }
    end(callback?: Callback): Promise<void> {
      callback?.(null)
      return Promise.resolve()
    }
  }

  const over: PgOverClient = {
    Client,
    Pool,
    types: types as object,
    defaults: {},
    client: new Client() as unknown as StepClient,
    muted: false,
    async end() {
      for (let last: unknown; last !== queue; ) {
        last = queue
        await queue
      }
      ended = true
    },
  }
  return over
}

function typesOf(root: string): Types {
  try {
    return (requireFrom(root, 'pg') as { readonly types: Types }).types
  } catch {
    return pg.types
  }
}
