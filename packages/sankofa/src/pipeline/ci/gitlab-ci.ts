import { basename } from 'node:path'
import { stringify } from 'yaml'
import type { Project } from '../project.ts'
import { type CiSettings, nodeVersion, sankofa, withDefaults } from './ci-settings.ts'

export const gitlabCiPath = '.gitlab-ci.yml'

const caches = {
  npm: { path: '.npm/', flag: '--cache .npm --prefer-offline', lock: 'package-lock.json' },
  pnpm: { path: '.pnpm-store/', flag: '--store-dir .pnpm-store', lock: 'pnpm-lock.yaml' },
  'yarn-classic': { path: '.yarn-cache/', flag: '--cache-folder .yarn-cache', lock: 'yarn.lock' },
  'yarn-berry': { path: '.yarn/cache/', flag: '', lock: 'yarn.lock' },
} as const

/** A GitLab pipeline that calls what a laptop calls: `sankofa check` for merge requests, `sankofa ship` for what is merged. */
export function gitlabCi(
  settings: CiSettings & { readonly project: CiSettings['project'] & Pick<Project, 'lockFile'> },
): string {
  const { branch, ship, environment, secrets, timeoutMinutes } = withDefaults(settings)
  const { project } = settings
  const cache = caches[project.manager]
  const install = [project.commands.cleanInstall.join(' '), cache.flag].filter((one) => one !== '').join(' ')
  // Secrets are the project's CI/CD variables, masked and protected there: GitLab hands them over by itself.
  const needed = secrets.length === 0 ? '' : ` Give it the protected variables ${secrets.join(', ')}.`
  const onBranch = `$CI_COMMIT_BRANCH == "${branch}"`
  const text = stringify(
    {
      stages: ship ? ['check', 'ship'] : ['check'],
      default: {
        image: `node:${nodeVersion(project)}`,
        timeout: `${timeoutMinutes}m`,
        cache: {
          key: { files: [project.lockFile === undefined ? cache.lock : basename(project.lockFile)] },
          paths: [cache.path],
        },
        before_script: [...(['npm', 'yarn-classic'].includes(project.manager) ? [] : ['corepack enable']), install],
      },
      // The size of a change is measured against what runs: that takes the history.
      variables: { GIT_DEPTH: '0' },
      check: {
        stage: 'check',
        interruptible: true,
        script: [sankofa(project, 'check')],
        rules: [{ if: '$CI_PIPELINE_SOURCE == "merge_request_event"' }, { if: onBranch }],
      },
      ...(ship
        ? {
            ship: {
              stage: 'ship',
              interruptible: false,
              // One at a time, and never cut off half way.
              resource_group: environment,
              environment,
              script: [sankofa(project, 'ship')],
              rules: [{ if: `${onBranch} && $CI_PIPELINE_SOURCE == "push"` }],
            },
          }
        : {}),
    },
    { lineWidth: 0, aliasDuplicateObjects: false },
  )
  return ship && needed !== '' ? `# The job "ship" goes live.${needed}\n${text}` : text
}
