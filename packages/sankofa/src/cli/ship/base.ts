import type { Manifest } from '../../release/index.ts'
import { askGit } from './git.ts'

/** What the size of a change is measured against. */
export type Base =
  | { readonly commit: string; readonly words: string }
  /** Nothing to compare with, and why. */
  | { readonly commit?: undefined; readonly words: string }

/** The commit of the release that everybody gets. */
export async function baseOfRunning(repository: string | undefined, running: Manifest | undefined): Promise<Base> {
  if (running === undefined) return { words: 'nothing runs yet that it could be compared with' }
  const { release, source } = running
  if (repository === undefined || source.commit === undefined)
    return { words: `there are no two commits: ${release}, which runs, or this one was made from no commit` }
  const there = await askGit(repository, 'cat-file', '-e', `${source.commit}^{commit}`)
  if (there === undefined)
    return {
      words: `the commit ${source.commit.slice(0, 10)} that runs is not in this repository; "git fetch" (in a shallow clone "git fetch --unshallow") brings it`,
    }
  return { commit: source.commit, words: `${release}, which runs` }
}

/** Where this branch left the one that it is to go into. */
export async function baseUpstream(
  repository: string | undefined,
  ref: string,
  environment: NodeJS.ProcessEnv,
): Promise<Base> {
  if (repository === undefined) return { words: 'there is no commit to compare it with' }
  // A CI says where a merge request goes to; a clone knows the default branch of its origin.
  const target = environment.GITHUB_BASE_REF || environment.CI_MERGE_REQUEST_TARGET_BRANCH_NAME
  const candidates = [...(target ? [`origin/${target}`] : []), 'origin/HEAD', 'origin/main', 'origin/master']
  for (const candidate of candidates) {
    const commit = await askGit(repository, 'merge-base', candidate, ref)
    if (commit === undefined) continue
    const name = (await askGit(repository, 'rev-parse', '--abbrev-ref', candidate)) || candidate
    return { commit, words: `${name} (${commit.slice(0, 10)})` }
  }
  return { words: 'there is neither a release that runs nor an upstream branch (origin/HEAD) to compare it with' }
}
