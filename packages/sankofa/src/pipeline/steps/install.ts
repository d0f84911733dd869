import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { Project } from '../project.ts'
import { runInStep, type Step, seconds, stepFailed } from '../step.ts'

/**
 * Installs exactly what the lock file says. Skipped where that was done here before for the same lock file, Node and
 * platform; what somebody altered in node_modules by hand since is not seen, delete the folder to have it made anew.
 */
export function installStep(project: Project): Step {
  const { root, lockFile, commands, manager, node } = project
  const stampFile = join(root, 'node_modules', '.sankofa-installed')
  return {
    id: 'install',
    title: 'Install dependencies',
    skip: () => {
      if (lockFile === undefined) return 'there are no dependencies'
      if (!node.fits) return undefined
      const isThere = readStamp(stampFile) === stampOf(lockFile) || isInstalledByNpm(root, lockFile)
      return isThere ? `${relative(root, lockFile)} is installed already` : undefined
    },
    async run(context) {
      if (!node.fits) {
        throw stepFailed(
          `This is Node ${node.present}, and ${node.from ?? 'package.json'} wants ${node.wanted ?? 'another'}.`,
          'Switch to it (nvm use, fnm use, mise), then run this again.',
        )
      }
      const { code, stdout, stderr, lastLines, tookMs } = await runInStep(commands.cleanInstall, context, { cwd: root })
      if (code !== 0) {
        // npm prints its whole manual behind the reason: the last lines do not hold it.
        const apart = apartIn(`${stdout}\n${stderr}`)
        throw apart === undefined
          ? stepFailed(
              `"${commands.cleanInstall.join(' ')}" ended with ${code ?? 'a signal'}.`,
              'Read the last lines above.',
            )
          : stepFailed(
              `The lock file does not agree with package.json${apart}.`,
              `Run "${manager.split('-')[0]} install" and commit the lock file.`,
            )
      }
      // Yarn's plug'n'play has no such folder: it is installed each time, which takes it a second.
      if (lockFile !== undefined && existsSync(join(root, 'node_modules'))) writeFileSync(stampFile, stampOf(lockFile))
      return `${packagesIn(lastLines)}with ${manager} in ${seconds(tookMs)}`
    },
  }
}

const packagesIn = (lines: readonly string[]): string => {
  const count = lines.map((line) => /added (\d+ packages?)/.exec(line)?.[1]).find((one) => one !== undefined)
  return count === undefined ? 'installed ' : `${count} `
}

/** @returns what is apart, where that is why an install failed and where it is told */
function apartIn(output: string): string | undefined {
  if (!/in sync|OUTDATED_LOCKFILE|needs to be updated|would have been modified/i.test(output)) return undefined
  const detail = /(?:Invalid|Missing): .+/.exec(output)?.[0]
  return detail === undefined ? '' : ` (${detail.trim()})`
}

const stampOf = (lockFile: string): string =>
  createHash('sha256')
    .update(readFileSync(lockFile))
    .update(`\0${process.versions.node}\0${process.platform}-${process.arch}`)
    .digest('hex')

type Lock = { readonly packages?: Readonly<Record<string, Locked>> }
type Locked = {
  readonly version?: string
  readonly integrity?: string
  readonly link?: boolean
  readonly optional?: boolean
}

/** npm itself keeps what it installed: then a CI that has just run "npm ci" need not wait for it twice. */
function isInstalledByNpm(root: string, lockFile: string): boolean {
  try {
    const read = (file: string): Lock => JSON.parse(readFileSync(file, 'utf8')) as Lock
    const there = read(join(root, 'node_modules', '.package-lock.json')).packages ?? {}
    const wanted = Object.entries(read(lockFile).packages ?? {}).filter(([path]) => path.includes('node_modules/'))
    const isSame = ([path, { version, integrity, optional }]: [string, Locked]): boolean => {
      const found = there[path]
      // What is for another platform is in the lock file alone.
      return found === undefined ? optional === true : found.version === version && found.integrity === integrity
    }
    const names = new Set(wanted.map(([path]) => path))
    return (
      wanted.every(isSame) && Object.keys(there).every((path) => !path.includes('node_modules/') || names.has(path))
    )
  } catch {
    return false
  }
}

const readStamp = (file: string): string | undefined => (existsSync(file) ? readFileSync(file, 'utf8') : undefined)
