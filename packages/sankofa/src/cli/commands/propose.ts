import type { Context } from '../context.ts'
import { proposeDeclared } from '../declared.ts'
import { type OutputOptions, print } from '../output.ts'

export async function proposeCommand(context: Context, target: string, options: OutputOptions): Promise<void> {
  const record = await proposeDeclared(context, target)
  print(options, { change: record.change, kind: record.kind, state: 'proposed' }, [
    `Proposed: ${record.change} (${record.kind}). Next: "sankofa prove ${record.change}", or "sankofa go ${record.change}", which proves first.`,
  ])
}
