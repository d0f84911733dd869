import { changeId, isSankofaError, SankofaError } from '../../core/index.ts'
import { backLocal } from '../../flags/index.ts'
import { requestBack } from '../../journal/index.ts'
import { actorName, withContext } from '../context.ts'
import { findDirectory } from '../find-config.ts'
import { type OutputOptions, print } from '../output.ts'
import { isWatched } from '../watched.ts'

export type BackOptions = OutputOptions & { readonly reason?: string; readonly local?: boolean }

/** Takes a change back; without a name, the last one that can be. `--local` works without PostgreSQL, on this host. */
export async function backCommand(change: string | undefined, options: BackOptions): Promise<void> {
  const reason = options.reason ?? 'asked on the command line'
  if (options.local === true) return backOnThisHost(change, reason, options)
  try {
    await withContext(async (context) => {
      const record = await requestBack(context.journal, { change, actor: context.actor, reason })
      const watched = await isWatched(context.pool)
      print(options, { change: record.change, asked: 'back', watched }, [
        `Asked: ${record.change} is taken back within seconds. "sankofa status" shows it.`,
        ...(watched
          ? []
          : [
              `! No watcher runs, so nobody acts on it. Start one ("sankofa watch"), or run "sankofa back ${record.change} --local" on each host.`,
            ]),
      ])
    })
  } catch (error) {
    if (!isSankofaError(error) || error.code !== 'DATABASE_UNREACHABLE' || options.json === true) throw error
    console.error(`To take it back on this host without PostgreSQL: sankofa back ${change ?? 'CHANGE'} --local`)
    throw error
  }
}

async function backOnThisHost(change: string | undefined, reason: string, options: BackOptions): Promise<void> {
  if (change === undefined) {
    throw new SankofaError('SETTINGS_WRONG', {
      problems: [
        'back --local: no change was named; expected one, such as "sankofa back new-checkout --local", because the journal is not read.',
      ],
    })
  }
  const directory = findDirectory(process.env, process.env.INIT_CWD ?? process.cwd())
  const { effect } = await backLocal(directory, changeId(change), { actor: actorName(), reason })
  print(options, { change, asked: 'back', local: true, effect, directory }, [
    `Back on this host: every process that uses ${directory} leaves ${change} within a second. It is journalled when PostgreSQL answers again.`,
    ...(effect === 'was not out' ? [`! As far as this host knows, ${change} was not out. Is the name right?`] : []),
  ])
}
