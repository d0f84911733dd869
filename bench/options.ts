/** `npm run bench -- NAME [--json] [--seed N] [--runs N] [--corpus DIR]`: one question, the peers beside it in the same run. */
export type BenchOptions = {
  readonly json: boolean
  readonly seed: number | undefined
  readonly runs: number | undefined
  /** A folder of somebody's migrations; only `migrate` asks for it. */
  readonly corpus: string | undefined
  log(line: string): void
}
