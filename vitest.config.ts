import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: {
    conditions: ['sankofa-source', 'node'],
    alias: { '#harness': fileURLToPath(new URL('./test/harness.ts', import.meta.url)) },
  },
  ssr: { resolve: { conditions: ['sankofa-source', 'node'], externalConditions: ['sankofa-source', 'node'] } },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'apps/*/src/**/*.test.ts', 'bench/**/*.test.ts', 'test/**/*.test.ts'],
    globalSetup: ['./test/global.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
})
