import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { PackageManager } from '../package-manager.ts'
import { keepInYarnLock } from './yarn-lock.ts'

function kept(manager: PackageManager, text: string, name: string, specs: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'pipeline-yarn-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'yarn.lock')
  writeFileSync(file, text)
  keepInYarnLock(file, manager, { name, version: '1.2.0', specs })
  return readFileSync(file, 'utf8')
}

test('the lock of Yarn 1 says that the new range is met by what was locked exactly', () => {
  const lock =
    '# yarn lockfile v1\n\n\nplain-more@1.2.0:\n  version "1.2.0"\n\nplain@1.2.0, plain@^1.1.0:\n  version "1.2.0"\n  dependencies:\n    plain "1.2.0"\n'

  expect(kept('yarn-classic', lock, 'plain', ['^1.2.0', '>=1 <3'])).toBe(
    lock.replace('plain@1.2.0, plain@^1.1.0:', '"plain@^1.1.0", "plain@^1.2.0", "plain@>=1 <3":'),
  )
})

test('the lock of later Yarns has its ranges in one pair of quotes, and a scoped name', () => {
  const lock =
    '__metadata:\n  version: 8\n\n"@acme/x@npm:1.2.0":\n  version: 1.2.0\n  resolution: "@acme/x@npm:1.2.0"\n'

  expect(kept('yarn-berry', lock, '@acme/x', ['^1.2.0', '~1.2.0'])).toBe(
    lock.replace('"@acme/x@npm:1.2.0":', '"@acme/x@npm:^1.2.0, @acme/x@npm:~1.2.0":'),
  )
})

test('a spec that stays exact changes nothing that matters', () => {
  expect(kept('yarn-berry', '"a@npm:1.2.0":\n  version: 1.2.0\n', 'a', ['1.2.0'])).toBe(
    '"a@npm:1.2.0":\n  version: 1.2.0\n',
  )
})
