import { Command, CommanderError, InvalidArgumentError } from 'commander'
import type { BackOptions } from './commands/back.ts'
import type { WatchOptions } from './commands/watch.ts'
import type { Context } from './context.ts'
import { type OutputOptions, reportFailure } from './output.ts'

type InContext<Options> = (context: Context, target: string, options: Options) => Promise<void>

/** Commands are loaded when they are asked for: help and a typing error must answer at once. */
const inContext =
  <Options>(load: () => Promise<InContext<Options>>) =>
  async (target: string, options: Options): Promise<void> => {
    const [{ withContext }, command] = await Promise.all([import('./context.ts'), load()])
    await withContext((context) => command(context, target, options))
  }

function readAlpha(text: string): number {
  const alpha = Number(text)
  if (alpha > 0 && alpha <= 0.5) return alpha
  throw new InvalidArgumentError('Expected a chance between 0 and 0.5, such as 0.01.')
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
withJson(program.command('prove <change>').description('prove that the undo works, touching nothing live')).action(
  inContext(async () => (await import('./commands/prove.ts')).proveCommand),
)
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
withJson(
  program
    .command('watch')
    .description('run the watcher: judge every 10 s, go on, hold, undo; several may run, one leads')
    .option('--console-port <port>', 'serve the console on this port of the loopback interface', readPort),
).action(async (options: WatchOptions) => (await import('./commands/watch.ts')).watchCommand(options))

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
