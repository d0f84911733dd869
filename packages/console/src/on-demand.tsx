import { signal } from '@preact/signals'
import type { ComponentType } from 'preact'
import { useEffect } from 'preact/hooks'
import { Header } from './header.tsx'

/** The page of releases, loaded once and apart: the first screen does not wait for it. */
const loaded = signal<ComponentType | undefined>(undefined)
const problem = signal('')
let isLoading = false

function load(): void {
  if (isLoading) return
  isLoading = true
  problem.value = ''
  import('./releases/page.tsx')
    .then((module) => {
      loaded.value = module.ReleasesPage
    })
    .catch(() => {
      isLoading = false
      problem.value = 'This page could not be loaded. Reload it; if it stays so, the console was replaced or is away.'
    })
}

export function OnDemand() {
  useEffect(load, [])
  const Page = loaded.value
  if (Page !== undefined) return <Page />
  return (
    <>
      <div class="top">
        <Header />
      </div>
      <p class="waiting">{problem.value === '' ? 'One moment …' : problem.value}</p>
    </>
  )
}
