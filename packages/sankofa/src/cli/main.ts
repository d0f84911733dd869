import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Command, CommanderError, InvalidArgumentError } from 'commander'
import type { BackOptions } from './commands/back.ts'
import type { CheckOptions } from './commands/check.ts'
import type { GatewayCommandOptions } from './commands/gateway.ts'
import type { HostOptions } from './commands/host.ts'
import type { BackOptions as MigrateBackOptions, UpOptions } from './commands/migrate.ts'
import type { DeriveOptions } from './commands/migrate-derive.ts'
import type { ProveMigrationsOptions } from './commands/prove-migrations.ts'
import type { ReceiveOptions } from './commands/receive.ts'
import type { ShipOptions } from './commands/ship.ts'
import type { FilesOptions, InstallOptions } from './commands/ship-files.ts'
import type { TokenOptions } from './commands/token.ts'
import type { UpdateCommandOptions } from './commands/update.ts'
import type { WatchOptions } from './commands/watch.ts'
import type { Context } from './context.ts'
import { type OutputOptions, reportFailure } from './output.ts'

type InContext<Options> = (context: Context, target: string, options: Options) => Promise<void>

/** Commands are loaded when they are asked for: help and a typing error must answer at once. */
const inContext =
  <Options>(load: () => Promise<InContext<Options>>, onNewDatabase: 'refuse' | 'prepare' = 'refuse') =>
  async (target: string, options: Options): Promise<void> => {
    const [{ withContext }, command] = await Promise.all([import('./context.ts'), load()])
    await withContext((context) => command(context, target, options), { onNewDatabase })
  }

function readAlpha(text: string): number {
  const alpha = Number(text)
  if (alpha > 0 && alpha <= 0.5) return alpha
  throw new InvalidArgumentError('Expected a chance between 0 and 0.5, such as 0.01.')
}

function readCount(text: string): number {
  const count = Number(text)
  if (Number.isInteger(count) && count > 0) return count
  throw new InvalidArgumentError('Expected a whole number, such as 5.')
}

/** `sankofa prove` alone, or with a folder, is about migrations; anything else names a change. */
async function isFolderOrNothing(target: string | undefined): Promise<boolean> {
  if (target === undefined) return true
  const found = await stat(resolve(process.env.INIT_CWD ?? process.cwd(), target)).catch(() => undefined)
  return found?.isDirectory() === true
}

function readDays(text: string): number {
  const days = Number(text)
  if (text.trim() !== '' && days >= 0 && Number.isFinite(days)) return days
  throw new InvalidArgumentError('Expected days, such as 7; 0 takes what is new at once.')
}

function readPort(text: string): number {
  const port = Number(text)
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  throw new InvalidArgumentError('Expected a port between 0 and 65535; 0 takes any free one.')
}

const program = new Command('sankofa')
  .description('Every change has a proved undo, goes out a little at a time, and takes itself back when it hurts.')
  .addHelpText(
    'after',
    `
Exit code 0: done; 1: the answer is no; 2: it could not be asked.
Settings: DATABASE_URL (else what "npm start" runs), SANKOFA_DIR (.sankofa), SANKOFA_CONFIG (sankofa.config.ts),
SANKOFA_ACTOR (who asks; else your user name).`,
  )
  .exitOverride()

const withJson = (command: Command): Command => command.option('--json', 'print JSON')

withJson(program.command('status').description('what is out, what the evidence says, what was taken back')).action(
  (options: OutputOptions) => inContext(async () => (await import('./commands/status.ts')).statusCommand)('', options),
)
withJson(
  program
    .command('propose <change>')
    .description('make a declared change known: a flag by name, a tunable as name=value'),
).action(inContext(async () => (await import('./commands/propose.ts')).proposeCommand))
withJson(
  program
    .command('prove [target]')
    .description(
      'prove that the undo works, touching nothing live: of a change, or of the migrations in a folder (found by itself)',
    )
    .option('--from <id>', 'first migration to prove')
    .option('--to <id>', 'last migration to prove')
    .option('--last <n>', 'only the last so many', readCount)
    .option('--tool <name>', 'whose migrations they are, where that is unclear')
    .option('--loader <module>', 'a module that yields { id, group?, up, undo }')
    .option('--shadow <url>', 'a server for throw-away databases; the embedded one unless told')
    .option('--target <url>', 'a database to read sizes and recorded statements from; it is not written')
    .option('--sample', 'with --target: prove with a sample of its rows'),
).action(async (target: string | undefined, options: ProveMigrationsOptions) => {
  const byFiles = await import('./commands/prove-migrations.ts')
  if (await isFolderOrNothing(target)) return byFiles.proveMigrationsCommand(target, options)
  const group = target === undefined ? undefined : await byFiles.migrationByFiles(target, options)
  if (group !== undefined) {
    return byFiles.proveMigrationsCommand(undefined, { ...options, from: group, to: group, unkept: true })
  }
  return inContext(async () => (await import('./commands/prove.ts')).proveCommand)(target ?? '', options)
})
withJson(
  program
    .command('go <change>')
    .description('let it out in stages, proving first where no valid proof is at hand; on a held change: go on')
    .option('--unproved <why>', 'go without a proof; the reason is kept in the journal and shown')
    .option('--alpha <chance>', 'chance that a harmless change is undone, over the whole rollout (0.01)', readAlpha),
).action(inContext(async () => (await import('./commands/go.ts')).goCommand))
withJson(
  program
    .command('hold <change>')
    .description('keep its share where it is')
    .option('--reason <why>', 'kept in the journal'),
).action(inContext(async () => (await import('./commands/hold.ts')).holdCommand))
withJson(
  program
    .command('back [change]')
    .description('take it back; without a name, the last change that can be')
    .option('--reason <why>', 'kept in the journal')
    .option('--local', 'on this host only, without PostgreSQL; journalled later'),
).action(async (change: string | undefined, options: BackOptions) =>
  (await import('./commands/back.ts')).backCommand(change, options),
)
withJson(
  program.command('why [change]').description('what was done to a change, by whom, and on which evidence'),
).action((change: string | undefined, options: OutputOptions) =>
  inContext(async () => (await import('./commands/why.ts')).whyCommand)(change ?? '', options),
)
const migrate = program.command('migrate').description('apply migrations and take them back, here and now')
withJson(migrate.command('status').description('what is applied, what is missing, what was interrupted')).action(
  (options: OutputOptions) =>
    inContext(async () => (await import('./commands/migrate.ts')).migrateStatusCommand, 'prepare')('', options),
)
withJson(
  migrate
    .command('up [id]')
    .description(
      'apply what is missing, up to the one that is named, proving each undo first; "sankofa go" applies one under the watcher',
    )
    .option('--to <id>', 'the last to apply; the same as to name it')
    .option('--unproved <why>', 'without proofs; the reason is kept')
    .option('--out-of-order', 'although earlier ones are missing')
    .option('--accept <id...>', 'take over the edited file of one that is applied, without running it')
    .option('--step-done', 'the statement that is in doubt after a crash was done')
    .option('--step-again', 'the statement that is in doubt after a crash is to run again'),
).action((id: string | undefined, options: UpOptions) =>
  inContext(async () => (await import('./commands/migrate.ts')).migrateUpCommand, 'prepare')(id ?? '', options),
)
withJson(
  migrate
    .command('back [id]')
    .description('take one back, also one whose files are not here; without a name the newest')
    .option('--also-later', 'take back first what was applied after it')
    .option('--step-done', 'the statement that is in doubt after a crash was done')
    .option('--step-again', 'the statement that is in doubt after a crash is to run again'),
).action((id: string | undefined, options: MigrateBackOptions) =>
  inContext(async () => (await import('./commands/migrate.ts')).migrateBackCommand, 'prepare')(id ?? '', options),
)
withJson(
  migrate
    .command('new <name>')
    .description('make a new one, or with --derive write the undo of one that is there')
    .option('--derive', 'derive the undo from the difference of the schemas, prove it, write it')
    .option('--force', 'with --derive: over an undo that was written by hand')
    .option('--dir <folder>', 'with --derive: where the migrations are; found by itself unless told')
    .option('--tool <name>', 'with --derive: whose migrations they are, where that is unclear')
    .option('--shadow <url>', 'with --derive: a server for throw-away databases; the embedded one unless told'),
).action(async (name: string, options: DeriveOptions & { readonly derive?: boolean }) => {
  if (options.derive === true) {
    return (await import('./commands/migrate-derive.ts')).migrateDeriveCommand(name, options)
  }
  const { loadFiles } = await import('./context.ts')
  return (await import('./commands/migrate-new.ts')).migrateNewCommand(await loadFiles(), name, options)
})
withJson(
  migrate
    .command('stash')
    .description('what is kept aside of rows that migrations destroyed')
    .option('--drop <id>', 'delete one for good'),
).action((options: OutputOptions & { readonly drop?: string }) =>
  inContext(async () => (await import('./commands/migrate.ts')).migrateStashCommand, 'prepare')('', options),
)
withJson(
  program
    .command('erase <subject>')
    .description(
      'delete the rows of a person from every stash: a value, or column=value; by the key, such as id=42, and by what was destroyed',
    ),
).action(inContext(async () => (await import('./commands/erase.ts')).eraseCommand))
withJson(
  program
    .command('watch')
    .description('run the watcher: judge every 10 s, go on, hold, undo; several may run, one leads')
    .option('--console-port <port>', 'serve the console on this port of the loopback interface', readPort),
).action(async (options: WatchOptions) => (await import('./commands/watch.ts')).watchCommand(options))

withJson(
  program
    .command('ship [release]')
    .description(
      'make, check and start a release, and let it out a little at a time; a release by its id: ship it again',
    )
    .option('--ref <ref>', 'the commit to ship (HEAD)')
    .option('--directory <folder>', 'ship this folder as it is')
    .option('--tarball <file>', 'ship this tarball')
    .option('--with <patch>', 'with this patch on top')
    .option('--later <group...>', 'migrations that follow when it has settled')
    .option('--big <why>', 'although it is larger than the budget')
    .option('--unchecked <why>', 'without its own lint, types, tests and size')
    .option('--no-follow', 'do not wait for its end')
    .option('--port <port>', 'where customers reach it, if the host of this machine has to be started', readPort, 8080)
    .option('--console-port <port>', 'the same for the console', readPort, 4600)
    .option('--ci [name]', 'ship nothing: write what github or gitlab runs; by the address of origin unless told')
    .option('--hooks', 'ship nothing: write lefthook.yml, which checks before each push')
    .option('--install', 'ship nothing: write the systemd units of a host, and say how root switches them on')
    .option('--user <name>', 'with --install: who it runs as; you unless told'),
).action(
  async (release: string | undefined, options: ShipOptions & FilesOptions & InstallOptions & { install?: boolean }) => {
    if (options.install === true) return (await import('./commands/ship-files.ts')).installCommand(options)
    if (options.ci !== undefined || options.hooks === true)
      return (await import('./commands/ship-files.ts')).filesCommand(options, true)
    return (await import('./commands/ship.ts')).shipCommand(release, options)
  },
)
withJson(
  program
    .command('check')
    .description('what ship checks, without going live: lint, types, tests, known faults, size, undos of migrations')
    .option('--quick', 'for hooks: lint and types in the folder as it is, and the size; nothing else')
    .option('--ref <ref>', 'the commit to check (HEAD)')
    .option('--directory <folder>', 'check this folder as it is')
    .option('--with <patch>', 'with this patch on top')
    .option('--big <why>', 'although it is larger than the budget')
    .option('--ci [name]', 'check nothing: write what github or gitlab runs; by the address of origin unless told')
    .option('--hooks', 'check nothing: write lefthook.yml, which checks before each push'),
).action(async (options: CheckOptions & FilesOptions) => {
  if (options.ci !== undefined || options.hooks === true)
    return (await import('./commands/ship-files.ts')).filesCommand(options, false)
  return (await import('./commands/check.ts')).checkCommand(options)
})
withJson(
  program
    .command('update [package...]')
    .description(
      'bring packages up to date, each on a branch of its own that passes the tests; your tree is not touched',
    )
    .option('--most <n>', 'try at most so many (10)', readCount)
    .option('--cool-down <days>', 'how long a version has to be out (7); a mended fault need not wait', readDays)
    .option('--checks <script...>', 'the scripts that have to pass; the type check and the tests unless told'),
).action(async (packages: readonly string[], options: UpdateCommandOptions) =>
  (await import('./commands/update.ts')).updateCommand(packages, options),
)
withJson(
  program
    .command('token <name>')
    .description('give a machine, such as "argo-production", a token for verdicts and nothing else; shown once')
    .option('--revoke', 'end it'),
).action((name: string, options: TokenOptions) =>
  inContext(async () => (await import('./commands/token.ts')).tokenCommand)(name, options),
)
program
  .command('host')
  .description('run this host until told to end: its releases, the gateway in front of them, and the watcher')
  .option('--port <port>', 'what the gateway listens on', readPort, 8080)
  .option('--address <address>', 'where it listens', '127.0.0.1')
  .option('--name <name>', "what this host is called; the machine's name unless told")
  .option('--keep-running', 'releases and gateway go on when this ends; the next one adopts them')
  .option('--no-watch', 'without the watcher, which runs elsewhere')
  .option('--console-port <port>', 'serve the console on this port of the loopback interface', readPort)
  .option('--stop', 'end the host of this folder, and wait until everything is gone')
  .option('--json', 'with --stop: print JSON')
  .action(async (options: HostOptions & OutputOptions & { readonly stop?: boolean }) =>
    options.stop === true
      ? (await import('./commands/host-stop.ts')).hostStopCommand(options)
      : (await import('./commands/host.ts')).hostCommand(options),
  )
program
  .command('receive', { hidden: true })
  .option('--release <id>')
  .action(async (options: ReceiveOptions) => (await import('./commands/receive.ts')).receiveCommand(options))
program
  .command('gateway', { hidden: true })
  .requiredOption('--root <folder>')
  .requiredOption('--socket <path>')
  .requiredOption('--fd <n>', '', Number)
  .action(async (options: GatewayCommandOptions) => (await import('./commands/gateway.ts')).gatewayCommand(options))

// A module of migrations runs in this process: one that ends it has not made a command succeed.
const endedByOthers = (): void => {
  console.error(
    'The process was ended before the command was done, by a module of the project that calls process.exit.',
  )
  process.exitCode = 2
}
process.once('exit', endedByOthers)
try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) {
    // Help and version end well; everything else is a question that could not be asked.
    process.exitCode = error.exitCode === 0 ? 0 : 2
  } else {
    process.exitCode = reportFailure(error, process.argv.includes('--json'))
  }
}
process.removeListener('exit', endedByOthers)
// A module may have left a timer or a connection, which would keep this process for ever.
setTimeout(() => process.exit(), 2_000).unref()
