import { Changes } from './changes.tsx'
import { Chart } from './chart.tsx'
import { Culprit } from './culprit.tsx'
import { Header } from './header.tsx'
import { shownVerdict } from './judgement.ts'
import { Measuring } from './measuring.tsx'
import { OnDemand } from './on-demand.tsx'
import { route } from './route.ts'
import { SignIn } from './sign-in.tsx'
import { Signals } from './signals.tsx'
import { page, status } from './state.ts'
import { Verdict } from './verdict.tsx'

function Screen() {
  return (
    <>
      <a class="skip" href="#changes">
        Skip to the changes
      </a>
      <div class="top" data-verdict={shownVerdict.value}>
        <Header />
        <Verdict />
      </div>
      <main>
        <Culprit />
        <Signals />
        <Chart />
        <Changes />
      </main>
      <Measuring />
    </>
  )
}

export function App() {
  switch (page.value) {
    case 'sign-in':
      return <SignIn />
    case 'screen':
      if (status.value === undefined) return <p class="waiting">Reading what is known …</p>
      return route.value.page === 'overview' ? <Screen /> : <OnDemand />
    case 'no-console':
      return (
        <p class="waiting">
          The console does not answer. Is “npm start” or “npx sankofa watch” running? Trying again …
        </p>
      )
    case 'loading':
      return <p class="waiting">One moment …</p>
    default:
      return page.value satisfies never
  }
}
