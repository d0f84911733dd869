import type uPlot from 'uplot'

/** The drawing library, loaded once and apart: the words on the screen do not wait for it. */
let loading: Promise<typeof uPlot> | undefined

export function loadPlot(): Promise<typeof uPlot> {
  loading ??= import('uplot').then((module) => module.default)
  return loading
}

/**
 * uPlot formats numbers in the browser's language as it loads, and a browser started with LANG=C reports
 * `en-US@posix`, which Intl refuses: the page would stay blank.
 */
export function mendLanguage(): void {
  try {
    new Intl.NumberFormat(navigator.language)
  } catch {
    Object.defineProperty(navigator, 'language', { value: 'en', configurable: true })
  }
}
