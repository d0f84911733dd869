import { useSignal } from '@preact/signals'
import type { TargetedEvent } from 'preact'
import { signIn } from './api.ts'
import { enter } from './live.ts'
import { Mark } from './mark.tsx'

export function SignIn() {
  const problem = useSignal('')
  const submit = async (event: TargetedEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault()
    const pasted = String(new FormData(event.currentTarget).get('token') ?? '').trim()
    // The whole link may be pasted too.
    const token = /[?&]token=([^&\s]+)/.exec(pasted)?.[1] ?? pasted
    try {
      await signIn(token)
      await enter()
    } catch (error) {
      problem.value = error instanceof Error ? error.message : String(error)
    }
  }
  return (
    <main class="sign-in">
      <Mark />
      <h1>Who is looking?</h1>
      <p>
        Everything that is done here is kept with a name. Paste your token, or the whole link that “npm start” printed.
      </p>
      <form onSubmit={(event) => void submit(event)}>
        <label for="token">Token or link</label>
        <input id="token" name="token" type="password" autocomplete="off" spellcheck={false} required />
        <button type="submit" class="primary">
          Sign in
        </button>
        <p role="alert" class="problem">
          {problem.value}
        </p>
      </form>
    </main>
  )
}
