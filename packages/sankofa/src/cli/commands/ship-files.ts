import { realpathSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { SankofaError } from '../../core/index.ts'
import {
  githubWorkflow,
  githubWorkflowPath,
  gitlabCi,
  gitlabCiPath,
  lefthookPath,
  lefthookYaml,
  readProject,
  writeMarked,
} from '../../pipeline/index.ts'
import { systemdUnits } from '../../release/index.ts'
import { findDirectory, loadConfig } from '../find-config.ts'
import { keepOutOfGit } from '../keep-out-of-git.ts'
import { AnswerIsNo, type OutputOptions, print } from '../output.ts'
import { askGit } from '../ship/git.ts'

export type FilesOptions = OutputOptions & {
  /** `true`: by the address of the repository. */
  readonly ci?: string | true
  readonly hooks?: boolean
}

type WrittenFile = {
  readonly file: string
  readonly state: string
  readonly reason?: string
  readonly diff?: readonly string[]
}

/** Writes what a CI and git's hooks need, never over what a person edited: exit code 1 then, with the difference. */
export async function filesCommand(options: FilesOptions, ship: boolean): Promise<void> {
  const from = realpathSync(process.env.INIT_CWD ?? process.cwd())
  const top = (await askGit(from, 'rev-parse', '--show-toplevel')) ?? from
  const project = readProject(from)
  const branch = await mainBranch(from)
  const texts = [
    ...(options.ci === undefined ? [] : await ciTexts(options.ci, from, { project, branch, ship })),
    ...(options.hooks === true ? [{ file: lefthookPath, text: lefthookYaml({ project }) }] : []),
  ]
  const written = texts.map(({ file, text }): WrittenFile => ({ file, ...writeMarked(join(top, file), text) }))
  const notes = [
    ...(project.root === top || options.ci === undefined
      ? []
      : [
          `! The project is in ${relative(top, project.root)}, and a CI begins in ${top}: add that folder to its steps by hand.`,
        ]),
    ...(options.hooks === true
      ? ['Switch the hook on with: npm install --save-dev lefthook && npx lefthook install']
      : []),
    ...(options.ci === undefined
      ? []
      : [
          `What is merged into ${branch} ${ship ? 'is checked and goes live: the CI needs the secret DATABASE_URL' : 'is checked'}. Commit the file.`,
        ]),
  ]
  print(options, { written }, [...written.flatMap(wordsOf), ...notes])
  if (written.some(({ state }) => state === 'refused')) throw new AnswerIsNo()
}

function wordsOf({ file, state, reason, diff = [] }: WrittenFile): readonly string[] {
  switch (state) {
    case 'written':
      return [`Written: ${file}`]
    case 'unchanged':
      return [`Unchanged: ${file} is as it would be written now.`]
    default:
      return [`Not written: ${reason ?? file}`, ...diff.map((line) => `  ${line}`)]
  }
}

async function ciTexts(ci: string | true, from: string, settings: Parameters<typeof gitlabCi>[0]) {
  const all = [
    { name: 'github', file: githubWorkflowPath, text: () => githubWorkflow(settings) },
    { name: 'gitlab', file: gitlabCiPath, text: () => gitlabCi(settings) },
  ]
  const origin = (await askGit(from, 'remote', 'get-url', 'origin')) ?? ''
  const named = ci === true ? all.filter(({ name }) => origin.includes(name)) : all.filter(({ name }) => name === ci)
  if (ci !== true && named.length === 0)
    throw new SankofaError('SETTINGS_WRONG', { problems: [`--ci: found "${ci}", expected github or gitlab.`] })
  // An address that tells nothing gets both: each is read by its own CI alone.
  return (named.length === 0 ? all : named).map(({ file, text }) => ({ file, text: text() }))
}

async function mainBranch(from: string): Promise<string> {
  const ofOrigin = await askGit(from, 'rev-parse', '--abbrev-ref', 'origin/HEAD')
  if (ofOrigin?.startsWith('origin/')) return ofOrigin.slice('origin/'.length)
  return (await askGit(from, 'symbolic-ref', '--short', 'HEAD')) || 'main'
}

export type InstallOptions = OutputOptions & {
  readonly user?: string
  readonly port: number
  readonly consolePort: number
}

/** Writes the units of a host into the project, and says what root has to run: nothing outside is touched. */
export async function installCommand(options: InstallOptions): Promise<void> {
  const from = realpathSync(process.env.INIT_CWD ?? process.cwd())
  const { config } = await loadConfig(process.env, from)
  if (config.release === undefined) {
    throw new SankofaError('SETTINGS_WRONG', {
      problems: [
        "release: not set in sankofa.config.ts; expected how the service is started, such as release: { start: ['node', 'server.ts'] }.",
      ],
    })
  }
  const directory = findDirectory(process.env, from)
  await keepOutOfGit(directory)
  const user = options.user ?? userInfo().username
  const environmentFile = `/etc/sankofa/${config.service.replace(/[^\w.-]+/g, '-')}.env`
  const folder = join(directory, 'units')
  const units = systemdUnits({
    root: directory,
    command: [
      process.execPath,
      ...process.execArgv,
      resolve(process.argv[1] ?? ''),
      'host',
      '--keep-running',
      '--port',
      String(options.port),
      '--console-port',
      String(options.consolePort),
    ],
    user,
    environmentFile,
    port: options.port,
  })
  await mkdir(folder, { recursive: true })
  for (const [name, text] of Object.entries(units)) await writeFile(join(folder, name), text)
  const names = Object.keys(units).sort()
  // Elsewhere than a host looks by itself: then it has to be told there, too.
  const told = (['SANKOFA_DIR', 'SANKOFA_CONFIG'] as const).flatMap((name) => {
    const value = process.env[name]
    return value ? [`echo '${name}=${resolve(from, value)}' >> ${environmentFile}`] : []
  })
  const commands = [
    `install -D -m 0600 /dev/null ${environmentFile}`,
    `echo 'DATABASE_URL=postgres://USER:PASSWORD@HOST:5432/DATABASE' >> ${environmentFile}`,
    ...told,
    `cp ${names.map((name) => join(folder, name)).join(' ')} /etc/systemd/system/`,
    ...(user === userInfo().username ? [] : [`chown -R ${user}: ${directory}`]),
    'systemctl daemon-reload',
    `systemctl enable --now ${names.toReversed().join(' ')}`,
  ]
  print(options, { folder, units: names, user, port: options.port, environmentFile, runAsRoot: commands }, [
    `Written to ${relative(from, folder) || folder}: ${names.join(', ')}. Nothing outside the project was touched.`,
    `Customers reach port ${options.port}; everything runs as ${user}.`,
    ...(user === 'root' ? ['! As root, the service may do anything on this machine. Name another with --user.'] : []),
    ...(/\/(\.nvm|\.fnm|fnm_multishells|\.volta|\.asdf|_npx)\//.test(`${process.execPath} ${process.argv[1]}`)
      ? [
          `! It starts ${process.execPath}, which a version manager may take away; install Node for the machine, and write the units again with that one.`,
        ]
      : []),
    '',
    'Run as root, with your own DATABASE_URL in the second line:',
    ...commands.map((command) => `  ${command}`),
    '',
    `Look at it with: systemctl status sankofa-host.service. Then, as ${user} and with the same DATABASE_URL: npx sankofa ship`,
  ])
}
