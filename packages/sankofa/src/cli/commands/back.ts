import { changeId, isSankofaError, SankofaError } from '../../core/index.ts'
import { backLocal } from '../../flags/index.ts'
import { requestBack } from '../../journal/index.ts'
import { answerToBack, type BackAnswer } from '../back-answer.ts'
import { actorName, withContext } from '../context.ts'
import { findDirectory } from '../find-config.ts'
import { AnswerIsNo, type OutputOptions, print } from '../output.ts'
import { isWatched } from '../watched.ts'

export type BackOptions = OutputOptions & { readonly reason?: string; readonly local?: boolean }

/** A watcher looks at once, and again every second: later than this it is busy, and the screen shows what it says then. */
const answerWithinMs = 5_000

/**
 * Takes a change back; without a name, the last one that can be. Waits a little for what the watcher says to it; exit code 1
 * when it refuses. `--local` works without PostgreSQL, on this host.
 */
export async function backCommand(change: string | undefined, options: BackOptions): Promise<void> {
  const reason = options.reason ?? 'asked on the command line'
  if (options.local === true) return backOnThisHost(change, reason, options)
  try {
    await withContext(async (context) => {
      const record = await requestBack(context.journal, { change, actor: context.actor, reason })
      const watched = await isWatched(context.pool)
      const answer = await answerToBack(context.journal, record, watched ? answerWithinMs : 0)
      print(
        options,
        { change: record.change, asked: 'back', watched, answer: answer?.answer, reason: answer?.reason },
        watched || answer !== undefined ? answerWords(record.change, answer) : unwatchedWords(record.change),
      )
      if (answer?.answer === 'refused') throw new AnswerIsNo()
    })
  } catch (error) {
    if (!isSankofaError(error) || error.code !== 'DATABASE_UNREACHABLE' || options.json === true) throw error
    console.error(`To take it back on this host without PostgreSQL: sankofa back ${change ?? 'CHANGE'} --local`)
    throw error
  }
}

const unwatchedWords = (change: string): readonly string[] => [
  `Asked: ${change} is taken back as soon as a watcher runs.`,
  `! No watcher runs, so nobody acts on it. Start one ("sankofa watch"), or run "sankofa back ${change} --local" on each host.`,
]

function answerWords(change: string, answer: BackAnswer | undefined): readonly string[] {
  switch (answer?.answer) {
    case 'undone':
      return [`${change} is taken back: nobody gets it any more.`]
    case 'undoing':
      return [`${change} is being taken back now. "sankofa status" shows when it is done.`]
    case 'not started':
      return [`${change} had not gone out yet, and does not now.`]
    case 'refused':
      return [`${change} is not taken back: ${answer.reason}`]
    case undefined:
      return [`Asked: ${change} is taken back within seconds. "sankofa status" shows it.`]
    default:
      return answer satisfies never
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
