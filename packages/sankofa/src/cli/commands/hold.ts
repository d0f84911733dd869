import { requestHold } from '../../journal/index.ts'
import type { Context } from '../context.ts'
import { type OutputOptions, print } from '../output.ts'

export async function holdCommand(
  context: Context,
  change: string,
  options: OutputOptions & { readonly reason?: string },
): Promise<void> {
  await requestHold(context.journal, {
    change,
    actor: context.actor,
    reason: options.reason ?? 'asked on the command line',
  })
  print(options, { change, asked: 'hold' }, [
    `Asked to hold ${change}: its share stays where it is until "sankofa go ${change}" or "sankofa back ${change}".`,
  ])
}
