import { stringify } from 'yaml'
import { type CiSettings, sankofa } from './ci-settings.ts'

export const lefthookPath = 'lefthook.yml'

/** Git hooks by lefthook: what takes seconds is checked before a push, and can be left out with `git push --no-verify`. */
export function lefthookYaml({ project }: Pick<CiSettings, 'project'>): string {
  return stringify(
    { 'pre-push': { jobs: [{ name: 'sankofa check', run: sankofa(project, 'check --quick') }] } },
    { lineWidth: 0 },
  )
}
