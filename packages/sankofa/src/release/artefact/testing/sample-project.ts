import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { onTestFinished } from '#harness'
import { type Layout, layoutOf } from '../../layout.ts'
import type { StartSettings } from '../../release.ts'
import { cleanEnvironment } from '../run-command.ts'
import { writeTar } from '../tar/write-tar.ts'

export const start: StartSettings = {
  command: ['node', 'server.js'],
  environment: {},
  health: '/health',
  smoke: [],
  readyWithinMs: 5_000,
  stopWithinMs: 1_000,
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sankofa-artefact-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export const temporaryLayout = (): Layout => layoutOf(join(temporaryFolder(), 'host'))

export function write(folder: string, files: Readonly<Record<string, string | Buffer>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content)
  }
}

export function git(folder: string, ...args: readonly string[]): string {
  const who = { GIT_AUTHOR_NAME: 'Ama', GIT_AUTHOR_EMAIL: 'ama@example.com' }
  const by = { GIT_COMMITTER_NAME: 'Ama', GIT_COMMITTER_EMAIL: 'ama@example.com', GIT_CONFIG_GLOBAL: '/dev/null' }
  return execFileSync('git', ['-c', 'init.defaultBranch=main', ...args], {
    cwd: folder,
    encoding: 'utf8',
    env: cleanEnvironment({ ...who, ...by }),
  }).trim()
}

/** @returns the commit */
export function commitAll(folder: string, message: string): string {
  git(folder, 'add', '-A')
  git(folder, 'commit', '-qm', message)
  return git(folder, 'rev-parse', 'HEAD')
}

export async function tarOf(files: Readonly<Record<string, string>>): Promise<Buffer> {
  const chunks: Buffer[] = []
  const packed = Object.entries(files).map(([path, content]) => ({ path, content: Buffer.from(content) }))
  for await (const chunk of writeTar('/nowhere', packed)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

type Package = {
  readonly version?: string
  readonly dependencies?: readonly string[]
  readonly files?: Readonly<Record<string, string>>
}

/**
 * A project in a git repository whose dependencies are packed files in its folder `vendor-packages`: `npm ci` is real and needs
 * no network. `shout` needs `whisper`; a release that finds `whisper` through `shout` was linked rightly.
 */
export async function sampleProject(
  files: Readonly<Record<string, string>> = {},
  options: { readonly scripts?: Readonly<Record<string, string>>; readonly workspaces?: boolean } = {},
): Promise<string> {
  const folder = temporaryFolder()
  const packages: Readonly<Record<string, Package>> = {
    shout: {
      dependencies: ['whisper'],
      files: {
        'index.js': "module.exports = require('whisper').toUpperCase() + '!'\n",
        'bin.js': '#!/usr/bin/env node\n',
      },
    },
    ...(options.workspaces === true
      ? {
          plugin: {
            dependencies: ['@sample/own'],
            files: { 'index.js': "module.exports = 'plugin: ' + require('@sample/own')\n" },
          },
          bundle: {
            dependencies: ['plugin'],
            files: { 'index.js': "module.exports = 'bundle of ' + require('plugin')\n" },
          },
        }
      : {}),
    whisper: { files: { 'index.js': "module.exports = 'hello'\n" } },
  }
  const locked: Record<string, object> = {}
  for (const [name, { version = '1.0.0', dependencies = [], files: inside = {} }] of Object.entries(packages)) {
    const needs = Object.fromEntries(dependencies.map((each) => [each, '*']))
    const manifest = {
      name,
      version,
      main: 'index.js',
      dependencies: needs,
      ...(name === 'shout' ? { bin: 'bin.js' } : {}),
    }
    const packed = gzipSync(
      await tarOf({
        'package/package.json': JSON.stringify(manifest),
        ...Object.fromEntries(Object.entries(inside).map(([path, text]) => [`package/${path}`, text])),
      }),
    )
    const path = `vendor-packages/${name}.tgz`
    write(folder, { [path]: packed })
    locked[`node_modules/${name}`] = {
      version,
      resolved: `file:${path}`,
      integrity: `sha512-${createHash('sha512').update(packed).digest('base64')}`,
      ...(dependencies.length === 0 ? {} : { dependencies: needs }),
      ...(name === 'shout' ? { bin: { shout: 'bin.js' } } : {}),
    }
  }
  const dependencies = Object.fromEntries(
    Object.keys(packages).map((name) => [name, `file:vendor-packages/${name}.tgz`]),
  )
  const workspaces = options.workspaces === true ? { workspaces: ['parts/*'] } : {}
  const scripts = options.scripts === undefined ? {} : { scripts: options.scripts }
  const root = { name: 'sample', version: '1.0.0', ...workspaces, dependencies }
  const own =
    options.workspaces === true ? { name: '@sample/own', version: '1.0.0', dependencies: { whisper: '*' } } : undefined
  const ofOwn =
    own === undefined ? {} : { 'parts/own': own, 'node_modules/@sample/own': { resolved: 'parts/own', link: true } }
  write(folder, {
    'package.json': JSON.stringify({ ...root, ...scripts }, undefined, 2),
    'package-lock.json': JSON.stringify(
      {
        ...{ name: 'sample', version: '1.0.0', lockfileVersion: 3, requires: true },
        packages: { '': root, ...ofOwn, ...locked },
      },
      undefined,
      2,
    ),
    ...(own === undefined
      ? {}
      : {
          'parts/own/package.json': JSON.stringify({ ...own, main: 'index.js' }),
          'parts/own/index.js': "module.exports = 'own says ' + require('whisper')\n",
        }),
    '.gitignore': 'node_modules/\n',
    '.npmrc': 'audit=false\n',
    'server.js': "console.log(require('shout'))\n",
    'bin/run.sh': '#!/bin/sh\necho run\n',
    ...files,
  })
  chmodSync(join(folder, 'bin/run.sh'), 0o755)
  git(folder, 'init', '-q')
  commitAll(folder, 'a shop that greets')
  return folder
}
