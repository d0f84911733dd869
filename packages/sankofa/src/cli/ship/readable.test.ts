import { expect, test } from 'vitest'
import { readableLines } from './readable.ts'

test('what a package manager says around the output of a script is left out', () => {
  const lines = [
    'npm warn Unknown env config "nodedir". This will stop working in the next major version of npm.',
    '',
    '> hello@1.0.0 test',
    '> node --test',
    'not ok 1 - adds',
    'npm error Lifecycle script `test` failed with error:',
    'npm error code 1',
    'npm error path /srv/shop',
    'npm error A complete log of this run can be found in: /root/.npm/_logs/2026-01-01T00_00_00_000Z-debug-0.log',
  ]

  expect(readableLines(lines)).toEqual(['> node --test', 'not ok 1 - adds'])
})

test('of a failed install the reason stays, and the manual that follows it goes', () => {
  const lines = [
    'npm error code EUSAGE',
    'npm error',
    'npm error `npm ci` can only install packages when your package.json and package-lock.json or npm-shrinkwrap.json are in sync. Please update your lock file with `npm install` before continuing.',
    'npm error',
    'npm error Missing: left-pad@1.3.0 from lock file',
    'npm error',
    'npm error Clean install a project',
    'npm error',
    'npm error Usage:',
    'npm error npm ci',
    'npm error',
    'npm error Options:',
    'npm error [--install-strategy <hoisted|nested|shallow|linked>] [--legacy-bundling]',
    'npm error [-w|--workspace <workspace-name> [-w|--workspace <workspace-name> ...]]',
    'npm error   -E|--save-exact',
    'npm error aliases: clean-install, ic, install-clean, isntall-clean',
    'npm error',
    'npm error Run "npm help ci" for more info',
  ]

  expect(readableLines(lines)).toEqual([lines[0], lines[2], lines[4]])
})

test('paths in the copy that was checked are those of the project', () => {
  const line = '    at TestContext (file:///srv/shop/.sankofa/host/checks/4711/ab50784d1c/src/sum.test.js:3:35)'

  expect(readableLines([line])).toEqual(['    at TestContext (src/sum.test.js:3:35)'])
})

test('where nothing else was said, the package manager is quoted', () => {
  expect(readableLines(['npm error code 1', ''])).toEqual(['npm error code 1'])
})
