import { signOut } from './api.ts'
import { ageMs } from './judgement.ts'
import { showSignIn } from './live.ts'
import { Mark } from './mark.tsx'
import { route } from './route.ts'
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

function Pages() {
  const isOverview = route.value.page === 'overview'
  return (
    <nav aria-label="Pages">
      <a href="#/" aria-current={isOverview ? 'page' : undefined}>
        Overview
      </a>
      <a href="#/releases" aria-current={isOverview ? undefined : 'page'}>
        Releases
      </a>
    </nav>
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
      <Pages />
      <span class="grow" />
      <Pulse />
      <span class="person">{me.value?.name}</span>
      <button type="button" class="plain" onClick={() => void leave()}>
        Sign out
      </button>
    </header>
  )
}
