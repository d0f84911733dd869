import { signOut } from './api.ts'
import { ageMs } from './judgement.ts'
import { showSignIn } from './live.ts'
import { Mark } from './mark.tsx'
import { connection, me } from './state.ts'
import { ago } from './words.ts'

function Pulse() {
  const age = ageMs.value
  if (connection.value === 'lost') return <span class="pulse lost">not connected</span>
  return (
    <span class={age === null || age > 45_000 ? 'pulse lost' : 'pulse'}>
      {age === null ? 'never measured' : `measured ${ago(age)}`}
    </span>
  )
}

export function Header() {
  const leave = async (): Promise<void> => {
    await signOut().catch(() => undefined)
    showSignIn()
  }
  return (
    <header>
      <Mark />
      <strong>Sankofa</strong>
      <span class="service">{me.value?.service}</span>
      <span class="grow" />
      <Pulse />
      <span class="person">{me.value?.name}</span>
      <button type="button" class="plain" onClick={() => void leave()}>
        Sign out
      </button>
    </header>
  )
}
