import { mkdtempSync, rmSync } from 'node:fs'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { onTestFinished } from '#harness'

/** A project in a folder of its own, with this repository's packages. Paths and texts of files. */
export async function makeProject(files: Readonly<Record<string, string>>): Promise<string> {
  const root = mkdtempSync(join(tmpdir(), 'sankofa-formats-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  await symlink(resolve(import.meta.dirname, '../../../../../../node_modules'), join(root, 'node_modules'))
  await addFiles(root, { 'package.json': '{ "name": "shop", "private": true }', ...files })
  return root
}

export async function addFiles(root: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), text)
  }
}
