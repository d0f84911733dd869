import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import chromium from '@sparticuz/chromium'
import { type Browser, chromium as driver } from 'playwright-core'

// Not the package's own arguments: those switch off what a real browser protects, and would hide faults of the policy.
const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** A real Chromium: the one in the package, else the one that `CHROMIUM_PATH` names. */
export async function openBrowser(): Promise<Browser> {
  const executablePath = process.env.CHROMIUM_PATH || (await chromium.executablePath())
  return driver.launch({ executablePath, args, headless: true })
}

const builder = fileURLToPath(new URL('../../../../console/build.ts', import.meta.url))

/** Builds the page from its sources unless it is up to date: a test must not look at yesterday's page. */
export function buildPage(): void {
  execFileSync(process.execPath, [builder], { stdio: ['ignore', 'ignore', 'inherit'], timeout: 60_000 })
}
