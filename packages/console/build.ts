import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build as viteBuild } from 'vite'

const here = fileURLToPath(new URL('.', import.meta.url))
const outDirectory = fileURLToPath(new URL('../sankofa/dist/console/app', import.meta.url))
const stampFile = join(outDirectory, '.sources')

/** Hash of everything that the built app is made of. */
function sourcesHash(): string {
  const hash = createHash('sha256')
  const files = readdirSync(join(here, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(tsx?|css|svg)$/.test(name) && !name.includes('.test.'))
    .map((name) => join('src', name))
  for (const name of ['index.html', 'package.json', 'vite.config.ts', ...files.sort()]) {
    hash
      .update(name)
      .update('\0')
      .update(readFileSync(join(here, name)))
      .update('\0')
  }
  return hash.digest('hex')
}

const isFresh = (stamp: string): boolean =>
  existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp && existsSync(join(outDirectory, 'index.html'))

function putInPlace(fresh: string, stamp: string): void {
  const old = `${fresh}.old`
  if (existsSync(outDirectory)) renameSync(outDirectory, old)
  try {
    renameSync(fresh, outDirectory)
  } catch (error) {
    // Another build of the same sources was there first.
    if (!isFresh(stamp)) throw error
  }
  for (const folder of [fresh, old]) rmSync(folder, { recursive: true, force: true })
}

/** Builds the web app, unless what is there was built from these very sources. */
export async function build(): Promise<{
  readonly built: boolean
  readonly directory: string
  readonly tookMs: number
}> {
  const startedMs = performance.now()
  const stamp = sourcesHash()
  const built = !isFresh(stamp)
  if (built) {
    // Beside the old one, then in its place: a page that is being served is never half there, and two builds at once
    // do not empty each other's folder.
    const fresh = `${outDirectory}.${process.pid}`
    await viteBuild({ configFile: join(here, 'vite.config.ts'), build: { outDir: fresh } })
    writeFileSync(join(fresh, '.sources'), stamp)
    putInPlace(fresh, stamp)
  }
  return { built, directory: outDirectory, tookMs: Math.round(performance.now() - startedMs) }
}

if (import.meta.main) {
  const { built, directory, tookMs } = await build()
  console.log(`${built ? 'Built' : 'Up to date:'} ${directory} (${tookMs} ms)`)
}
