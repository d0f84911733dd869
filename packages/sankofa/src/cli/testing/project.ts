import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished, type TestDatabase } from '#harness'

const shim = fileURLToPath(new URL('../../../bin/sankofa.js', import.meta.url))
const toolkit = fileURLToPath(new URL('../../index.ts', import.meta.url))

/** A project of one folder of migrations; its proofs are made on the test server. */
export function project(db: Pick<TestDatabase, 'url'>, files: Readonly<Record<string, string>>): string {
  const folder = projectWithoutConfig(files)
  writeFileSync(
    join(folder, 'sankofa.config.ts'),
    `import { defineConfig } from ${JSON.stringify(toolkit)}
export const config = defineConfig({ service: 'shop', migrations: { directory: 'migrations', shadowUrl: ${JSON.stringify(db.url)} } })
`,
  )
  return folder
}

/** The same as Sankofa meets it for the first time. */
export function projectWithoutConfig(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'sankofa-cli-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  addFiles(folder, files)
  return folder
}

export function addFiles(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, 'migrations', path, '..'), { recursive: true })
    writeFileSync(join(folder, 'migrations', path), text)
  }
}

type Answer = { readonly code: number; readonly out: string; readonly err: string }

/** Runs the command as a person would; an empty `url` is none. */
export function sankofa(folder: string, url: string, ...args: readonly string[]): Promise<Answer> {
  const env = {
    ...process.env,
    DATABASE_URL: url,
    SANKOFA_DIR: join(folder, '.sankofa'),
    SANKOFA_ACTOR: 'ama',
    INIT_CWD: folder,
  }
  return new Promise((resolve) => {
    execFile(process.execPath, [shim, ...args], { cwd: folder, env }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    )
  })
}
