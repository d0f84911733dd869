import { stringify } from 'yaml'
import { type CiSettings, sankofa, withDefaults } from './ci-settings.ts'

export const githubWorkflowPath = '.github/workflows/sankofa.yml'

// By major version, so that their fixes come without an edit.
const checkout = 'actions/checkout@v6'
const setupNode = 'actions/setup-node@v6'
const setupPnpm = 'pnpm/action-setup@v4'

/**
 * A GitHub Actions workflow that calls what a laptop calls: `sankofa check` for every pull request, `sankofa ship` for
 * what is merged. It may read the repository and nothing else.
 */
export function githubWorkflow(settings: CiSettings): string {
  const { project, branch, ship, environment, secrets, timeoutMinutes } = withDefaults(settings)
  const { manager, node, commands } = project
  const cached = manager.startsWith('yarn') ? 'yarn' : manager
  const version =
    node.from === undefined ? { 'node-version': node.present.split('.')[0] } : { 'node-version-file': node.from }
  const prepare = [
    // The size of a change is measured against what runs: that takes the history.
    { uses: checkout, with: { 'fetch-depth': 0, 'persist-credentials': false } },
    ...(manager === 'pnpm' ? [{ uses: setupPnpm }] : []),
    ...(manager === 'yarn-berry' ? [{ run: 'corepack enable' }] : []),
    { uses: setupNode, with: { ...version, cache: cached } },
    { run: commands.cleanInstall.join(' ') },
  ]
  const check = {
    'runs-on': 'ubuntu-latest',
    'timeout-minutes': timeoutMinutes,
    steps: [...prepare, { run: sankofa(project, 'check') }],
  }
  const shipJob = {
    needs: 'check',
    if: `github.event_name == 'push' && github.ref == 'refs/heads/${branch.replaceAll("'", "''")}'`,
    'runs-on': 'ubuntu-latest',
    'timeout-minutes': timeoutMinutes,
    environment,
    // One at a time, and never cut off half way.
    concurrency: { group: `sankofa-ship-${environment}`, 'cancel-in-progress': false },
    steps: [
      ...prepare,
      {
        run: sankofa(project, 'ship'),
        ...(secrets.length === 0
          ? {}
          : { env: Object.fromEntries(secrets.map((name) => [name, `\${{ secrets.${name} }}`])) }),
      },
    ],
  }
  return stringify(
    {
      name: 'sankofa',
      on: { pull_request: null, push: { branches: [branch] } },
      permissions: { contents: 'read' },
      concurrency: {
        group: `sankofa-\${{ github.ref }}`,
        'cancel-in-progress': `\${{ github.event_name == 'pull_request' }}`,
      },
      jobs: { check, ...(ship ? { ship: shipJob } : {}) },
    },
    { lineWidth: 0, nullStr: '', aliasDuplicateObjects: false },
  )
}
