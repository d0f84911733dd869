import { expect, test } from 'vitest'
import type { Config } from './config.ts'
import { defineConfig } from './config.ts'

const problemsOf = (config: object): readonly string[] => {
  try {
    defineConfig({ service: 'hello', ...config } as Config)
    return []
  } catch (error) {
    return (error as { details: { problems: readonly string[] } }).details.problems
  }
}

test('every wrong setting of the console is told at once', () => {
  const console = { host: '0.0.0.0', hosts: ['https://console.example.com'], verdictWithoutToken: true, prot: 1 }

  const problems = problemsOf({ console })

  expect(problems).toHaveLength(3)
  expect(problems[0]).toContain('console.prot: is not a setting')
  expect(problems[1]).toContain('expected names with no scheme')
  expect(problems[2]).toContain('console.verdictWithoutToken: found true with the host 0.0.0.0')
})

test('a console on loopback may let the engines of this machine ask', () => {
  expect(problemsOf({ console: { hosts: ['console.example.com'], verdictWithoutToken: true } })).toEqual([])
})

test('a release whose settings are no texts, or unknown, is told each of them', () => {
  const problems = problemsOf({
    release: { start: [], smoke: '/products', build: 'npm run build', budget: { line: 3 }, healthy: '/' },
  })

  expect(problems.map((problem) => problem.split(':')[0])).toEqual([
    'release.healthy',
    'release.smoke',
    'release.budget.line',
    'release.build',
    'release.start',
  ])
})
