import pg from 'pg'

/** Knows how many of its statements were done, which tells the one that failed. Rows are not kept. */
class CountingQuery extends pg.Query {
  completed = 0
  handleCommandComplete(): void {
    this.completed++
  }
  handleRowDescription(): void {}
  handleDataRow(): void {}
}

/** What became of a batch: `undefined`, or the error and the 0-based statement at which it came. */
export type BatchFailure = { readonly error: Error; readonly at: number }

/** Sends several statements in one message. Their own `begin` and `commit` decide what lasts. */
export function sendBatch(client: pg.ClientBase, statements: readonly string[]): Promise<BatchFailure | undefined> {
  // On lines of their own: a statement may end in a comment.
  const text = statements.join('\n;\n')
  return new Promise((resolve) => {
    const query: CountingQuery = new CountingQuery(text, (error) => {
      resolve(error === undefined || error === null ? undefined : { error, at: query.completed })
    })
    client.query(query)
  })
}
