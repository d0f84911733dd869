import { type ChangeId, SankofaError } from '../../core/index.ts'
import { type ChangeState, foldChange, type Proof } from '../../journal/index.ts'
import type { Context } from '../context.ts'
import { changeNamed, proposeDeclared } from '../declared.ts'
import { AnswerIsNo, type OutputOptions, print } from '../output.ts'

/** Proves here and now, touching nothing live, and journals what came out. Exit code 1 when the undo is not proved. */
export async function proveCommand(context: Context, target: string, options: OutputOptions): Promise<void> {
  const state = await stateOf(context, target)
  const proof = await proveWith(context, state)
  await context.journal.append(
    proof.ok
      ? { change: state.change, type: 'proved', actor: context.actor, data: { proof } }
      : {
          change: state.change,
          type: 'refused',
          actor: context.actor,
          data: { reason: proof.reason ?? 'no reason was given', proof },
        },
  )
  print(options, { change: state.change, proof }, [
    proof.ok
      ? `Proved: ${state.change} can be taken back in ${proof.undoMs < 1 ? 'under 1' : Math.round(proof.undoMs)} ms; ${lossWords[proof.loss]}. Valid until ${proof.expiresAt}.`
      : `Not proved: ${proof.reason}`,
    ...proof.steps.map((step) => `  - ${step}`),
  ])
  if (!proof.ok) throw new AnswerIsNo()
}

const lossWords: Readonly<Record<Proof['loss'], string>> = {
  kept: 'nothing is lost',
  stashed: 'what would be lost is kept aside',
  lost: 'something is lost for good',
}

/** The change named, proposed first when the config declares it and the journal does not know it, or with `name=value`. */
export async function stateOf(context: Context, target: string): Promise<ChangeState> {
  const known = target.includes('=') ? undefined : await read(context, await changeNamed(context, target))
  if (known !== undefined) return known
  const { change } = await proposeDeclared(context, target)
  const proposed = await read(context, change)
  if (proposed === undefined) throw new SankofaError('CHANGE_UNKNOWN', { change, known: [] })
  return proposed
}

const read = async (context: Context, change: ChangeId): Promise<ChangeState | undefined> =>
  foldChange(await context.journal.read({ change }))

function proveWith(context: Context, state: ChangeState): Promise<Proof> {
  switch (state.kind) {
    case 'flag':
      return context.kinds.flag.prove(state.plan as Parameters<typeof context.kinds.flag.prove>[0])
    case 'tunable':
      return context.kinds.tunable.prove(state.plan as Parameters<typeof context.kinds.tunable.prove>[0])
    case 'migration':
      return context.kinds.migration.prove(state.plan as Parameters<typeof context.kinds.migration.prove>[0])
    case 'release':
      return context.kinds.release.prove(state.plan as Parameters<typeof context.kinds.release.prove>[0])
    default:
      return state.kind satisfies never
  }
}
