import { createMachine, revokeMachine } from '../../console/index.ts'
import type { Context } from '../context.ts'
import { AnswerIsNo, type OutputOptions, print } from '../output.ts'

export type TokenOptions = OutputOptions & { readonly revoke?: boolean }

/** Gives a machine, such as the Argo Rollouts of a cluster, a token for verdicts, or ends it. */
export async function tokenCommand({ pool }: Context, name: string, options: TokenOptions): Promise<void> {
  if (options.revoke === true) {
    const revoked = await revokeMachine(pool, name)
    print(options, { machine: name, revoked }, [
      revoked
        ? `The token of ${name} has ended.`
        : `There is no token of ${name} that could end. Is the name right? It is the one that was given to "sankofa token".`,
    ])
    if (!revoked) throw new AnswerIsNo()
    return
  }
  const { token } = await createMachine(pool, name)
  // On standard output alone, so that it can go into a pipe; nothing keeps it but its hash.
  if (options.json === true) return print(options, { machine: name, token }, [])
  console.error(
    `A token with which ${name} may ask for verdicts, and nothing else. It is shown once; an earlier one of ${name} has ended. Send it as "authorization: Bearer TOKEN". End it with: sankofa token ${JSON.stringify(name)} --revoke`,
  )
  console.log(token)
}
