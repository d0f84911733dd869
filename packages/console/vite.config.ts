import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  logLevel: 'warn',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: fileURLToPath(new URL('../sankofa/dist/console/app', import.meta.url)),
    emptyOutDir: true,
    // The first of each that know light-dark().
    target: ['chrome123', 'firefox120', 'safari17.5'],
    modulePreload: { polyfill: false },
    // Nothing inline: the page is served under a policy that allows only its own files.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
})
