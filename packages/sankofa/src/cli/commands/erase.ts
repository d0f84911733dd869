import { eraseSubject } from '../../migrate/index.ts'
import type { Context } from '../context.ts'
import { type OutputOptions, print } from '../output.ts'

/** Reaches into what migrations have kept aside; the service deletes its own rows, and events keep no names. */
export async function eraseCommand(context: Context, subject: string, options: OutputOptions): Promise<void> {
  const [column, ...rest] = subject.split('=')
  const mark = rest.length > 0 && column ? { column, value: rest.join('=') } : { value: subject }
  const erased = await eraseSubject(context.pool, [mark])
  const rows = erased.reduce((sum, one) => sum + one.rows, 0)
  print(options, { erased }, [
    ...erased.map((one) => `  ${one.rows} rows of ${one.table} (stash ${one.stash})`),
    rows === 0
      ? 'No stash holds rows with this value. A stash holds only what a migration destroyed, and the key of each row: ask by the id as well, such as "sankofa erase id=42". Sankofa keeps subjects nowhere else by name: measurements and events have keyed hashes.'
      : `${rows} rows erased; an undo will not bring them back.`,
  ])
}
