import { join } from 'node:path'
import { readJson, withFileLock, writeJson } from './file.ts'
import { type KnownState, parseState } from './known-state.ts'

/** Unchanged state is written again this often, so that a restart without a database knows how old it is. */
const refreshMs = 60_000

/** Processes of one host see states some ms apart; one that is further ahead was told by a clock that was set back since. */
const otherClockMs = 60_000
/** A process that was stopped meanwhile holds an old answer, and must not take a newer file for a wrong clock. */
const justAskedMs = 5_000

export const stateFile = (directory: string): string => join(directory, 'flags.json')

/** The last known state, `undefined` when there is none. Throws when the file is there and is not one. */
export async function readStateFile(directory: string): Promise<KnownState | undefined> {
  const written = await readJson(stateFile(directory))
  if (written === undefined) return undefined
  const state = parseState(written)
  if (state === undefined) throw new Error(`${stateFile(directory)} is not a state that this version can read`)
  return state
}

/**
 * Writes what the database answered, unless the file holds a newer answer: the processes of a host share the file, and
 * the slower of two must not bring back what the faster has seen gone. A file that is minutes ahead of an answer that has
 * just come is from before the database's clock was set back, or from another database: it is replaced, or for as long as
 * the clocks differ a restart without a database would bring back what was taken back meanwhile.
 *
 * @param written - the answer as it came, which `parseState` can read
 * @param askedAtMs - when it was asked for, on this host's clock
 */
export async function writeStateFile(
  directory: string,
  written: unknown,
  state: KnownState,
  askedAtMs: number,
): Promise<void> {
  const path = stateFile(directory)
  const isDue = async (): Promise<boolean> => {
    const inFile = await knownOf(path)
    const isJustAsked = Date.now() - askedAtMs < justAskedMs
    if (isJustAsked && inFile !== undefined && inFile.asOfMs > state.asOfMs + otherClockMs) return true
    return isWorthWriting(inFile, written, state)
  }
  if (!(await isDue())) return
  await withFileLock(path, async () => {
    if (await isDue()) await writeJson(path, written)
  })
}

type InFile = { readonly text: string; readonly asOfMs: number } | undefined

async function knownOf(path: string): Promise<InFile> {
  // A broken file is as good as none: it is replaced.
  const json = await readJson(path).catch(() => undefined)
  const state = json === undefined ? undefined : parseState(json)
  return state === undefined ? undefined : { text: withoutTime(json), asOfMs: state.asOfMs }
}

function isWorthWriting(inFile: InFile, written: unknown, state: KnownState): boolean {
  if (inFile === undefined) return true
  if (inFile.asOfMs > state.asOfMs) return false
  return inFile.text !== withoutTime(written) || state.asOfMs - inFile.asOfMs >= refreshMs
}

const withoutTime = (written: unknown): string =>
  JSON.stringify(written, (key, value) => (key === 'asOfMs' ? undefined : value))
