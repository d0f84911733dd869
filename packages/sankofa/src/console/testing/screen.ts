import type { Browser, Page } from 'playwright-core'

export type Screen = {
  readonly page: Page
  /** Everything that the page's policy refused, as the browser says it. */
  readonly violations: readonly string[]
  /** Errors of the page itself. */
  readonly errors: readonly string[]
}

/** A page as a person opens it from the printed link. */
export async function openScreen(
  browser: Browser,
  link: string,
  options: { readonly width?: number; readonly dark?: boolean } = {},
): Promise<Screen> {
  const page = await browser.newPage({
    viewport: { width: options.width ?? 1_280, height: 900 },
    colorScheme: options.dark === true ? 'dark' : 'light',
    reducedMotion: 'reduce',
  })
  const violations: string[] = []
  const errors: string[] = []
  page.on('console', (message) => {
    if (message.text().includes('Content Security Policy')) violations.push(message.text())
  })
  page.on('pageerror', (error) => errors.push(error.message))
  await page.goto(link)
  return { page, violations, errors }
}

// Scripts are told as text: the types of the page are not those of the tests.

export const widths = (page: Page): Promise<{ scroll: number; seen: number }> =>
  page.evaluate('({ scroll: document.documentElement.scrollWidth, seen: document.documentElement.clientWidth })')

/** How light the paper and the ink are, from 0 to 255. */
export const lightness = (page: Page): Promise<{ paper: number; ink: number }> =>
  page.evaluate(`(() => {
    const of = (text) => text.match(/[\\d.]+/g).slice(0, 3).reduce((sum, part) => sum + Number(part) / 3, 0)
    const { backgroundColor, color } = getComputedStyle(document.body)
    return { paper: of(backgroundColor), ink: of(color) }
  })()`)

export const focusedText = (page: Page): Promise<string> => page.evaluate('document.activeElement.textContent')

/** @throws when Tab does not reach it */
export async function tabTo(page: Page, label: string): Promise<void> {
  for (let i = 0; i < 80; i += 1) {
    await page.keyboard.press('Tab')
    if ((await page.evaluate(`document.activeElement.getAttribute('aria-label')`)) === label) return
  }
  throw new Error(`Tab never reached “${label}”.`)
}

/** Does what a strict policy must refuse. @returns whether the script ran all the same */
export const breakPolicy = (page: Page): Promise<boolean> =>
  page.evaluate(`(() => {
    const script = document.createElement('script')
    script.textContent = 'window.sneaked = true'
    document.body.append(script)
    fetch('http://127.0.0.1:9/').catch(() => undefined)
    return 'sneaked' in window
  })()`)
