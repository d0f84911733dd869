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
      return readStamp(stampFile) === stampOf(lockFile) ? `${relative(root, lockFile)} is installed already` : undefined
    },
    async run(context) {
      if (!node.fits) {
        throw stepFailed(
          `This is Node ${node.present}, and ${node.from ?? 'package.json'} wants ${node.wanted ?? 'another'}.`,
          'Switch to it (nvm use, fnm use, mise), then run this again.',
        )
      }
      const { code, lastLines, tookMs } = await runInStep(commands.cleanInstall, context, { cwd: root })
      if (code !== 0) {
        const apart = lastLines.some((line) =>
          /in sync|OUTDATED_LOCKFILE|frozen-lockfile|would have been modified/i.test(line),
        )
        throw stepFailed(
          apart
            ? 'The lock file does not agree with package.json.'
            : `"${commands.cleanInstall.join(' ')}" ended with ${code ?? 'a signal'}.`,
          apart ? `Run "${manager.split('-')[0]} install" and commit the lock file.` : 'Read the last lines above.',
        )
      }
      // Yarn's plug'n'play has no such folder: it is installed each time, which takes it a second.
      if (lockFile !== undefined && existsSync(join(root, 'node_modules'))) writeFileSync(stampFile, stampOf(lockFile))
      return `${packagesIn(lastLines)}with ${manager} in ${seconds(tookMs)}`
    },
  }
}

const packagesIn = (lines: readonly string[]): string => {
  const count = lines.map((line) => /added (\d+) packages/.exec(line)?.[1]).find((one) => one !== undefined)
  return count === undefined ? 'installed ' : `${count} packages `
}

const stampOf = (lockFile: string): string =>
  createHash('sha256')
    .update(readFileSync(lockFile))
    .update(`\0${process.versions.node}\0${process.platform}-${process.arch}`)
    .digest('hex')

const readStamp = (file: string): string | undefined => (existsSync(file) ? readFileSync(file, 'utf8') : undefined)
