import type { ChangeId } from './names.ts'

/** Every error that Sankofa raises on purpose: a stable code, an HTTP status, and a text that says what to do. */
const catalogue = {
  BAD_CHANGE_ID: {
    status: 422,
    text: (d: { found: string }) =>
      `"${d.found}" cannot name a change. Use lower-case letters, digits, dots, underscores and hyphens, at most 100, such as "new-checkout".`,
  },
  CHANGE_UNKNOWN: {
    status: 404,
    text: (d: { change: string; known: readonly string[] }) =>
      `There is no change "${d.change}". ${d.known.length === 0 ? 'None has been proposed yet: run "sankofa propose --help".' : `Known: ${d.known.join(', ')}.`}`,
  },
  NO_CHANGE_YET: {
    status: 404,
    text: (_: Record<string, never>) =>
      'No change has been proposed yet. Run "sankofa go CHANGE" with one of those in sankofa.config.ts.',
  },
  CHANGE_NOT_ALLOWED: {
    status: 409,
    text: (d: { change: ChangeId; state: string; wanted: string; next: string }) =>
      `Change ${d.change} is ${d.state}, so it cannot ${d.wanted}. ${d.next}`,
  },
  UNDO_NOT_PROVED: {
    status: 409,
    text: (d: { change: ChangeId; reason: string }) =>
      `Change ${d.change} has no proved undo, so it was not started: ${d.reason} Mend it and run "sankofa prove ${d.change}", then "sankofa go ${d.change}".`,
  },
  NOTHING_TO_TAKE_BACK: {
    status: 409,
    text: (_: Record<string, never>) =>
      'No change is out that could be taken back. Run "sankofa status" to see what is; name a change to take back another.',
  },
  JOURNAL_RECORD_WRONG: {
    status: 422,
    text: (d: { type: string; problems: readonly string[] }) =>
      `A journal record "${d.type}" was not written: ${d.problems.join('; ')}. This is a fault in the part that wrote it; report it.`,
  },
  STALE_EPOCH: {
    status: 409,
    text: (d: { epoch: string }) =>
      `This process led with epoch ${d.epoch}, and another leads now. Its write was refused and nothing was changed; it stands by again.`,
  },
  SETTINGS_WRONG: {
    status: 500,
    text: (d: { problems: readonly string[] }) =>
      `${d.problems.length === 1 ? 'A setting is' : `${d.problems.length} settings are`} wrong:\n${d.problems.map((line) => `  - ${line}`).join('\n')}`,
  },
  DATABASE_UNREACHABLE: {
    status: 503,
    text: (d: { where: string; reason: string }) =>
      `PostgreSQL at ${d.where} does not answer (${d.reason}). Check DATABASE_URL and that the server runs; for an embedded server run "npm start".`,
  },
  SCHEMA_TAKEN: {
    status: 409,
    text: (d: { holds: readonly string[] }) =>
      `This database has a schema "sankofa" that holds what is not Sankofa's (${d.holds.join(', ')}), so nothing was made in it. Sankofa keeps its tables in the schema of that name and in no other: give yours another name (alter schema sankofa rename to …), or move those objects out of it.`,
  },
  ENCODING_BROKEN: {
    status: 500,
    text: (d: { what: string; offset: number; length: number }) =>
      `A stored ${d.what} of ${d.length} bytes cannot be read at byte ${d.offset}. It was written by a newer Sankofa or altered: update Sankofa, or delete the row.`,
  },
  PERSON_NAME_WRONG: {
    status: 422,
    text: (d: { found: string }) =>
      `"${d.found}" cannot name a person. Use letters, digits, spaces and . _ @ -, at most 60, such as "Ama Mensah".`,
  },
  MACHINE_NAME_WRONG: {
    status: 422,
    text: (d: { found: string }) =>
      `"${d.found}" cannot name a machine. Use letters, digits, spaces and . _ @ -, at most 60, such as "argo-production".`,
  },
  ENGINE_TOKEN_WRONG: {
    status: 401,
    text: (_: Record<string, never>) =>
      'A deployment engine needs a token of its own, and this one is missing, unknown or revoked. Make one with "npx sankofa token NAME"; Argo Rollouts sends it as the header "Authorization: Bearer TOKEN", Flagger as metadata.token.',
  },
  ENGINE_REQUEST_WRONG: {
    status: 400,
    text: (d: { problem: string; status: 400 | 404 }) => `This cannot be answered: ${d.problem}.`,
  },
  CONSOLE_SIGN_IN: {
    status: 401,
    text: (_: Record<string, never>) =>
      'There is no session here, or it has ended. Open the link that "npm start" printed, or paste its token.',
  },
  CONSOLE_TOKEN_UNKNOWN: {
    status: 401,
    text: (_: Record<string, never>) =>
      'This token is not known, or it was revoked. Take the newest link that "npm start" printed.',
  },
  CONSOLE_TOO_MANY_TRIES: {
    status: 429,
    text: (d: { waitS: number }) => `Too many tokens were wrong. Wait ${d.waitS} s and try once more.`,
  },
  CONSOLE_FOREIGN: {
    status: 403,
    text: (d: { what: string; found: string; allowed: readonly string[] }) =>
      `Refused: ${d.what} "${d.found.slice(0, 100)}" is not this console. Open it as ${d.allowed[0] ?? 'its own address'}.`,
  },
  CONSOLE_BUSY: {
    status: 503,
    text: (d: { clients: number }) =>
      `${d.clients} screens are open already, the most this console keeps live. Close one.`,
  },
  EMBEDDED_REFUSED: {
    status: 500,
    text: (d: { reason: string }) => d.reason,
  },
  EVENT_HAS_SECRET: {
    status: 500,
    text: (d: { type: string; path: string }) =>
      `The event "${d.type}" was not written: "${d.path}" is named like a secret, and events keep none. Leave the field out, or record that it changed instead of what it is.`,
  },
  EVENT_UNWRITABLE: {
    status: 500,
    text: (d: { type: string; path: string; reason: string }) =>
      `The event "${d.type}" was not written: "${d.path}" ${d.reason}. Give plain data: text, finite numbers, bigint, booleans, dates, lists and objects.`,
  },
  EVENT_SEALS_AHEAD: {
    status: 409,
    text: (d: { sealed: string; now: string }) =>
      `The last seal covers transactions up to ${d.sealed}, and this server is only at ${d.now}: it was restored or replaced. Keep the old seals file as evidence, verify the events against it, then empty sankofa.event_seal and begin a new file.`,
  },
  FLAG_UNKNOWN: {
    status: 422,
    text: (d: { flag: string; known: readonly string[] }) =>
      `No flag "${d.flag}" is declared. ${d.known.length === 0 ? 'Declare one with defineFlag and list it in sankofa.config.ts.' : `Declared: ${d.known.join(', ')}.`}`,
  },
  FLAG_TAKEN: {
    status: 409,
    text: (d: { flag: string; change: ChangeId; by: string }) =>
      `Change ${d.change} cannot have flag "${d.flag}": change ${d.by} is using it. Let that one settle, or run "sankofa back ${d.by}", then start this one again.`,
  },
  FLAG_SETTLED: {
    status: 409,
    text: (d: { flag: string; by: string }) =>
      `Flag "${d.flag}" was settled by change ${d.by}, so its old path may be gone and nothing was changed. Declare a new flag for the next change.`,
  },
  SHARE_NOT_JOURNALLED: {
    status: 409,
    text: (d: { change: ChangeId; share: number; journalled: string }) =>
      `Change ${d.change} was to be exposed at ${d.share * 100} %, but the journal says ${d.journalled}. Nothing was changed: journal the step first.`,
  },
  TUNABLE_UNKNOWN: {
    status: 422,
    text: (d: { tunable: string; known: readonly string[] }) =>
      `No tunable "${d.tunable}" is declared. ${d.known.length === 0 ? 'Declare one with defineTunable and list it in sankofa.config.ts.' : `Declared: ${d.known.join(', ')}.`}`,
  },
  TUNABLE_VALUE_WRONG: {
    status: 422,
    text: (d: { tunable: string; value: string; reason: string }) =>
      `Tunable "${d.tunable}" does not take ${d.value}: ${d.reason}. Propose another value.`,
  },
  TUNABLE_TAKEN: {
    status: 409,
    text: (d: { tunable: string; change: ChangeId; by: string }) =>
      `Change ${d.change} cannot set tunable "${d.tunable}": change ${d.by} is not settled yet. Let it settle, or run "sankofa back ${d.by}", then start this one again.`,
  },
  TUNABLE_SETTLED: {
    status: 409,
    text: (d: { tunable: string; by: string }) =>
      `Tunable "${d.tunable}" was settled by change ${d.by}: the value before it is no longer kept. Propose the value that you want as a new change.`,
  },
  PROJECT_WRONG: {
    status: 422,
    text: (d: { directory: string; problems: readonly string[] }) =>
      `The project in ${d.directory} cannot be used as it is:\n${d.problems.map((line) => `  - ${line}`).join('\n')}`,
  },
  COMMAND_NOT_FOUND: {
    status: 503,
    text: (d: { command: string; reason: string }) =>
      `"${d.command}" could not be started (${d.reason}). Install it, or put it on the PATH of whoever runs this.`,
  },
  STEP_FAILED: {
    status: 409,
    text: (d: { what: string; next: string }) => `${d.what} ${d.next}`,
  },
  UPDATE_REFUSED: {
    status: 409,
    text: (d: { reason: string; next: string }) => `No package was updated: ${d.reason} ${d.next}`,
  },
  PLACER_CANNOT: {
    status: 422,
    text: (d: { placer: string; wanted: string; next: string }) => `${d.placer} cannot ${d.wanted}. ${d.next}`,
  },
  PLACER_FAILED: {
    status: 503,
    text: (d: { placer: string; command: string; code: string; said: string }) =>
      `"${d.command}" ended with ${d.code}${d.said === '' ? '' : `: ${d.said}`}. What ${d.placer} runs now is as it was before this command, or half changed: look with its own tools, then run this again.`,
  },
  MIGRATION_UNREADABLE: {
    status: 422,
    text: (d: { file: string; line: number; reason: string }) =>
      `${d.file}, line ${d.line}: PostgreSQL's grammar does not take this (${d.reason}). Mend it; what only psql knows, such as \\copy, has to become SQL.`,
  },
  SHADOW_UNUSABLE: {
    status: 503,
    text: (d: { where: string; reason: string }) =>
      `The server at ${d.where} cannot be used for proofs: ${d.reason}. Leave --shadow out to use the embedded server, or name one on which you may do everything.`,
  },
  MIGRATIONS_NOT_FOUND: {
    status: 404,
    text: (d: { directory: string; reason: string; looks: readonly string[] }) =>
      `No migrations were read in ${d.directory}: ${d.reason}. Known layouts:\n${d.looks.map((line) => `  - ${line}`).join('\n')}\nFor any other, write a module that exports "migrations" as a list of { id, up, undo } (SQL, or an async function of a client) and name it with --loader ./migrations.ts.`,
  },
  MIGRATIONS_NONE_BETWEEN: {
    status: 422,
    text: (d: { from: string; to: string }) =>
      `${d.from} comes after ${d.to}, so there is nothing from the one to the other. Turn --from and --to round.`,
  },
  MIGRATIONS_UNCLEAR: {
    status: 422,
    text: (d: { directory: string; tools: readonly string[] }) =>
      `The files in ${d.directory} can be read as those of ${d.tools.join(' or ')}. Say which with --tool ${d.tools[0] ?? 'TOOL'}.`,
  },
  MIGRATIONS_WRONG: {
    status: 422,
    text: (d: { directory: string; tool: string; problems: readonly string[] }) =>
      `The ${d.tool} migrations in ${d.directory} cannot be used as they are:\n${d.problems.map((line) => `  - ${line}`).join('\n')}`,
  },
  MIGRATION_GROUP_UNKNOWN: {
    status: 404,
    text: (d: { group: string; known: readonly string[] }) =>
      `There is no migration "${d.group}", neither in the folder nor in the database. ${d.known.length === 0 ? 'There are none at all: check the folder.' : `The last ones are ${d.known.join(', ')}.`}`,
  },
  MIGRATION_EDITED: {
    status: 409,
    text: (d: { edited: readonly string[] }) =>
      `${d.edited.join(', ')} ${d.edited.length === 1 ? 'was' : 'were'} edited after being applied, so nothing was done. Restore what was applied and put the difference into a new migration; if the edit changes nothing, run "sankofa migrate up --accept ${d.edited[0] ?? ''}".`,
  },
  MIGRATION_OUT_OF_ORDER: {
    status: 409,
    text: (d: { group: string; missing: readonly string[] }) =>
      `${d.group} comes after ${d.missing.join(', ')}, which ${d.missing.length === 1 ? 'is' : 'are'} not applied, so nothing was done. Run "sankofa migrate up" for all, or add --out-of-order if it needs none of them.`,
  },
  MIGRATION_LATER_APPLIED: {
    status: 409,
    text: (d: { group: string; later: readonly string[] }) =>
      `${d.later.join(', ')} ${d.later.length === 1 ? 'was' : 'were'} applied after ${d.group} and may need it, so nothing was done. "sankofa migrate back ${d.group} --also-later" takes back ${[...d.later, d.group].join(', then ')}.`,
  },
  MIGRATION_NOT_APPLIED: {
    status: 409,
    text: (d: { group: string }) =>
      `${d.group} is not applied, so there is nothing to take back. "sankofa migrate status" shows what is.`,
  },
  MIGRATION_NO_UNDO: {
    status: 409,
    text: (d: { migration: string; reason: string }) =>
      `${d.migration} cannot be taken back: ${d.reason}. Nothing was done. "sankofa migrate new --derive" writes an undo to prove and use.`,
  },
  MIGRATION_HALF_WAY: {
    status: 409,
    text: (d: { group: string; state: string; next: string }) => `${d.group} is ${d.state}. ${d.next}`,
  },
  MIGRATION_IN_DOUBT: {
    status: 409,
    text: (d: { migration: string; statement: string; command: string }) =>
      `A run of ${d.migration} ended while this statement ran, and the database does not tell whether it was done: ${d.statement}. Look, then run "${d.command} --step-done" or "${d.command} --step-again".`,
  },
  MIGRATIONS_BUSY: {
    status: 409,
    text: (d: { by: string; waitedS: number }) =>
      `Another migrator is at work (${d.by}); nothing was done after waiting ${d.waitedS} s. Wait until it ends; if it hangs, end it with "select pg_terminate_backend(PID)" and run this again.`,
  },
  MIGRATION_BLOCKED: {
    status: 409,
    text: (d: { migration: string; tries: number; waitedS: number; by: readonly string[] }) =>
      `${d.migration} got no lock in ${d.tries} tries over ${d.waitedS} s, so this part of it was not done. ${d.by.length === 0 ? 'Who held it could not be seen.' : `In the way: ${d.by.join('; ')}.`} Wait for them or end them, then run it again.`,
  },
  MIGRATION_FAILED: {
    status: 422,
    text: (d: { migration: string; doing: 'up' | 'undo'; statement: string; reason: string; left: string }) =>
      `The ${d.doing} of ${d.migration} failed${d.statement === '' ? '' : ` at "${d.statement}"`}: ${d.reason}. ${d.left}`,
  },
  MIGRATION_TOOL_ABSENT: {
    status: 409,
    text: (d: { migration: string; tool: string }) =>
      `${d.migration} belongs to ${d.tool}, whose own history has to be kept true, and its folder is not here. Nothing was done: run this where the migrations are.`,
  },
  BACKFILL_WRONG: {
    status: 422,
    text: (d: { name: string; reason: string }) => `The backfill of ${d.name} cannot run: ${d.reason}.`,
  },
  STASH_REFUSED: {
    status: 409,
    text: (d: { migration: string; reason: string }) =>
      `${d.migration} was not run and nothing was changed: ${d.reason} Change it, or run it again accepting this loss.`,
  },
  STASH_OVER_BUDGET: {
    status: 409,
    text: (d: { migration: string; needs: string; budget: string; largest: string }) =>
      `${d.migration} was not run and nothing was changed: keeping what it destroys takes ${d.needs} (most of it ${d.largest}), and the stash may take ${d.budget}. Raise the budget, make room by "sankofa migrate stash", or split the migration.`,
  },
  STASH_INCOMPLETE: {
    status: 409,
    text: (d: { migration: string; found: readonly string[] }) =>
      `${d.migration} was rolled back and nothing was changed: it did what nobody had foreseen, so the stash would not hold it all: ${d.found.join('; ')}. Prove it again, so that its shadow run is seen, then run it again.`,
  },
  STASH_TAMPERED: {
    status: 409,
    text: (d: { migration: string; table: string; stash: string }) =>
      `What was kept of ${d.table} for ${d.migration} (${d.stash}) is not what was written there, so nothing was changed. Find out who altered it; drop that stash to take the migration back without it.`,
  },
  STASH_GONE: {
    status: 409,
    text: (d: { migration: string; tables: readonly string[]; why: string }) =>
      `${d.migration} was not run and nothing was changed: what was kept of ${d.tables.join(', ')} ${d.why}, so it cannot be given back. Run it again accepting this loss, or mend the data by hand.`,
  },
  STASH_UNKNOWN: {
    status: 404,
    text: (d: { id: string }) => `There is no stash ${d.id} that still holds rows. "sankofa migrate stash" lists them.`,
  },
  RELEASE_TAKEN: {
    status: 409,
    text: (d: { service: string; by: string }) =>
      `Another release of ${d.service} is going out: change ${d.by}. Let it settle, or run "sankofa back ${d.by}", then try again.`,
  },
  RELEASE_BASE_MOVED: {
    status: 409,
    text: (d: { release: string; service: string; before: string; current: string }) =>
      `Release ${d.release} was shipped to follow ${d.before}, and ${d.service} runs ${d.current} now. Run "sankofa ship" again, so that it is compared with what runs.`,
  },
  RELEASE_NOT_READY: {
    status: 409,
    text: (d: { release: string; host: string; why: string }) =>
      `Release ${d.release} is not ready on host ${d.host}, so nobody gets it: ${d.why}`,
  },
  RELEASE_NOT_PLACED: {
    status: 409,
    text: (d: { service: string }) =>
      `No release of ${d.service} was ever placed behind a gateway. Run "sankofa ship" once: the first one becomes what everybody gets.`,
  },
  MIGRATION_BREAKS_RELEASE: {
    status: 409,
    text: (d: {
      group: string
      direction: 'up' | 'undo'
      text: string
      routes: readonly string[]
      reason: string
      more: number
    }) =>
      `${d.direction === 'up' ? `${d.group} was not applied` : `${d.group} was not taken back`}, and nothing was changed: the running release could not work afterwards. It sends "${d.text.slice(0, 200)}" (${d.routes.slice(0, 3).join(', ')}), which would fail: ${d.reason}${d.more > 0 ? `; and ${d.more} more` : ''}. Let a release go out first that does without it, or take the one that needs it back, then try again.`,
  },
  MIGRATIONS_SEVERAL: {
    status: 422,
    text: (d: { directories: readonly string[] }) =>
      `There are several folders of migrations: ${d.directories.join(', ')}. Name one: "sankofa prove ${d.directories[0] ?? 'DIRECTORY'}".`,
  },
  RELEASE_SOURCE_WRONG: {
    status: 422,
    text: (d: { source: string; reason: string; next: string }) =>
      `No release was made of ${d.source}: ${d.reason}. ${d.next}`,
  },
  RELEASE_FILES_REFUSED: {
    status: 422,
    text: (d: { source: string; files: readonly string[]; more: number }) =>
      `No release was made of ${d.source}, because of what it holds: ${d.files.join('; ')}${d.more > 0 ? `; and ${d.more} more` : ''}. Take these out of it, or leave them out of what is shipped.`,
  },
  DEPENDENCIES_UNLOCKED: {
    status: 422,
    text: (d: { source: string; reason: string; next: string }) =>
      `The dependencies of ${d.source} cannot be installed the same way twice: ${d.reason}. ${d.next}`,
  },
  RELEASE_STEP_FAILED: {
    status: 422,
    text: (d: { doing: string; command: string; ended: string; said: string }) =>
      `No release was made: ${d.doing} failed ("${d.command}" ${d.ended}).${d.said === '' ? ' It said nothing.' : ` Its last words:\n${d.said}`}\nRun that command by hand to see more; then make the release again.`,
  },
  RELEASE_UNWRITABLE: {
    status: 507,
    text: (d: { doing: string; path: string; reason: string }) =>
      `No release was made: ${d.doing} failed at ${d.path} (${d.reason}). What was begun has been taken away again. Make room or mend the rights there, then make the release again.`,
  },
  RELEASE_UNKNOWN: {
    status: 404,
    text: (d: { release: string; known: readonly string[] }) =>
      `There is no release ${d.release} on this host. ${d.known.length === 0 ? 'None has been made here yet: run "sankofa ship".' : `Here are: ${d.known.join(', ')}.`}`,
  },
  RELEASE_DAMAGED: {
    status: 409,
    text: (d: { release: string; path: string; problem: string }) =>
      `Release ${d.release} is not what was made: ${d.problem} (${d.path}). Nothing is started from it; delete that folder and make it again from its source.`,
  },
  HOST_HELD: {
    status: 409,
    text: (d: { root: string; pid: number }) =>
      `Another "sankofa host" (process ${d.pid}) keeps ${d.root}, so this one did nothing. Use that one, or stop it first; for a second host name another folder.`,
  },
  HOST_PORT_TAKEN: {
    status: 409,
    text: (d: { host: string; port: number; reason: string }) =>
      `${d.host}:${d.port} cannot be listened on (${d.reason}), so nothing was started. Stop the program that has it, or give the host another port.`,
  },
  HOST_SOCKET_WRONG: {
    status: 500,
    text: (d: { found: string }) =>
      `What systemd handed over cannot be used: ${d.found}. Give sankofa-host.socket one ListenStream; "sankofa host" writes both units.`,
  },
  GATEWAY_SOCKET_PATH: {
    status: 500,
    text: (d: { path: string; longest: number }) =>
      `The gateway cannot be told anything at ${d.path}: the path of a socket has at most ${d.longest} bytes, and this one has ${Buffer.byteLength(d.path)}. Keep the releases in a folder with a shorter name.`,
  },
  GATEWAY_SILENT: {
    status: 503,
    text: (d: { path: string; asked: string; reason: string }) =>
      `The gateway at ${d.path} did not do "${d.asked}" (${d.reason}). See whether it runs ("sankofa host" starts it) and what its log says.`,
  },
  HAPROXY_REFUSED: {
    status: 503,
    text: (d: { socket: string; asked: string; reason: string }) =>
      `HAProxy at ${d.socket} did not do "${d.asked}" (${d.reason}). See that it runs with the haproxy.cfg and haproxy.map that Sankofa wrote, then apply again: what was done already stays.`,
  },
  HAPROXY_ROUTES_WRONG: {
    status: 409,
    text: (d: { problem: string }) => `HAProxy was told nothing: ${d.problem}. Mend that and apply again.`,
  },
  OVERRIDES_UNREADABLE: {
    status: 500,
    text: (d: { path: string }) =>
      `${d.path} is not what "sankofa back --local" writes, so nothing was changed. Mend it, or delete it to drop every local override.`,
  },
} as const

export type ErrorCode = keyof typeof catalogue
export type ErrorDetails<C extends ErrorCode> = Parameters<(typeof catalogue)[C]['text']>[0]

/** What the caller could not have meant, or cannot have now. `message` says what happened and what to do. */
export class SankofaError<C extends ErrorCode = ErrorCode> extends Error {
  override readonly name = 'SankofaError'
  readonly code: C
  readonly details: ErrorDetails<C>
  readonly status: number
  constructor(code: C, details: ErrorDetails<C>, options?: ErrorOptions) {
    const { text, status } = catalogue[code] as { text: (d: ErrorDetails<C>) => string; status: number }
    super(text(details), options)
    this.code = code
    this.details = details
    this.status = status
  }
}

export const isSankofaError = (error: unknown): error is SankofaError => error instanceof SankofaError
