import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Git } from './git.ts'

/** Files that nobody wrote by hand: they say nothing about how much there is to understand. The one table of them. */
export const generatedFiles: readonly { readonly what: string; readonly pattern: RegExp }[] = [
  {
    what: 'lock file',
    pattern: /(?:^|\/)(?:package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|yarn\.lock|bun\.lockb?|deno\.lock)$/,
  },
  { what: 'built', pattern: /(?:^|\/)(?:dist|build|out|coverage|\.next|\.nuxt|\.output)\// },
  { what: 'minified', pattern: /\.min\.(?:js|cjs|mjs|css)$|\.(?:js|css)\.map$/ },
  { what: 'snapshot of a test', pattern: /\.snap$|(?:^|\/)__snapshots__\// },
  {
    what: 'generated code',
    pattern: /(?:^|\/)(?:__generated__|generated|\.prisma)\/|\.(?:generated|gen|pb)\.[cm]?[jt]sx?$/,
  },
  { what: 'copied from elsewhere', pattern: /(?:^|\/)(?:node_modules|vendor|third_party|\.yarn)\// },
]

/** Why each of the generated ones among `paths` is one: by the table, or by what the repository itself says in .gitattributes. */
export async function whichAreGenerated(
  git: Git,
  commit: string,
  paths: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const said = await linguist(git, commit, paths)
  const found = new Map<string, string>()
  for (const path of paths) {
    const bySetting = said.get(path)
    if (bySetting === false) continue
    const what =
      bySetting === true ? 'linguist-generated' : generatedFiles.find(({ pattern }) => pattern.test(path))?.what
    if (what !== undefined) found.set(path, what)
  }
  return found
}

/** The attributes of that commit, not of what lies in the work tree: through an index of our own, as any git can. */
async function linguist(git: Git, commit: string, paths: readonly string[]): Promise<ReadonlyMap<string, boolean>> {
  if (paths.length === 0) return new Map()
  const folder = await mkdtemp(join(tmpdir(), 'sankofa-index-'))
  try {
    const environment = { GIT_INDEX_FILE: join(folder, 'index') }
    await git.withInput('', environment, 'read-tree', commit)
    const input = `${paths.join('\0')}\0`
    const output = await git.withInput(
      input,
      environment,
      'check-attr',
      '--cached',
      '-z',
      '--stdin',
      'linguist-generated',
    )
    const fields = output.toString('utf8').split('\0')
    const said = new Map<string, boolean>()
    for (let index = 0; index + 2 < fields.length; index += 3) {
      const value = fields[index + 2]
      if (value === 'set' || value === 'true') said.set(fields[index] ?? '', true)
      if (value === 'unset' || value === 'false') said.set(fields[index] ?? '', false)
    }
    return said
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
