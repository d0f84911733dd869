import { defineConfig } from 'vitest/config'

/** The architecture test alone, without the PostgreSQL of the full run: for `npm run check`. */
export default defineConfig({ test: { include: ['test/architecture.test.ts'] } })
