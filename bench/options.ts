/** `npm run bench -- NAME [--json] [--seed N] [--runs N]`: one question, the peers beside it in the same run. */
export type BenchOptions = {
  readonly json: boolean
  readonly seed: number | undefined
  readonly runs: number | undefined
  log(line: string): void
}
