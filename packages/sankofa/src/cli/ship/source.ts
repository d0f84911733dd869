import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { SankofaError } from '../../core/index.ts'
import type { Source } from '../../release/index.ts'
import { topOfGit } from './git.ts'

export type SourceOptions = {
  readonly ref?: string
  readonly directory?: string
  readonly tarball?: string
  /** A patch on top. */
  readonly with?: string
}

/** What is meant: the commit, where there is one; a folder without commits is taken as a folder. */
export async function sourceOf(options: SourceOptions, here: string): Promise<Source> {
  const patch = options.with === undefined ? {} : { patch: await readPatch(resolve(here, options.with)) }
  if (options.tarball !== undefined) return { kind: 'tarball', path: resolve(here, options.tarball) }
  if (options.directory !== undefined) return { kind: 'directory', path: resolve(here, options.directory), ...patch }
  const repository = await topOfGit(here)
  if (repository !== undefined) return { kind: 'git', repository, ref: options.ref ?? 'HEAD', ...patch }
  if (options.ref !== undefined) {
    throw new SankofaError('SETTINGS_WRONG', {
      problems: [
        `--ref: found "${options.ref}", and ${here} is in no git repository with a commit; leave it out to take the folder.`,
      ],
    })
  }
  return { kind: 'directory', path: here, ...patch }
}

async function readPatch(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new SankofaError('SETTINGS_WRONG', { problems: [`--with: ${file} cannot be read (${reason}).`] }, { cause })
  }
}
