import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'

export type FakeCall = {
  readonly args: readonly string[]
  readonly cwd: string
  readonly env: {
    readonly [name: string]: string | undefined
    readonly PORT?: string
    readonly SANKOFA_RELEASE?: string
  }
}

export type FakeAnswer = {
  /** All of these words have to be among the arguments. */
  readonly when: readonly string[]
  readonly stdout?: string
  readonly stderr?: string
  readonly code?: number
  /** Never ends. */
  readonly hangs?: boolean
}

export type FakeProgram = {
  /** Puts it before everything else on the PATH. */
  readonly env: Readonly<Record<string, string>>
  /** The first that fits is given; nothing and 0 where none does. */
  answers(list: readonly FakeAnswer[]): void
  /** What it was called with since the last look. */
  calls(): readonly FakeCall[]
}

/** A program that records how it is called and answers as it is told: for engines that are not on this machine. */
export function fakeProgram(folder: string, name: string, keepEnv: readonly string[] = []): FakeProgram {
  const bin = join(folder, 'bin')
  const [log, answers] = [join(folder, `${name}.log`), join(folder, `${name}.json`)]
  mkdirSync(bin, { recursive: true })
  writeFileSync(
    join(bin, name),
    `#!${process.execPath}
const { appendFileSync, existsSync, readFileSync, writeSync } = require('node:fs')
const args = process.argv.slice(2)
const env = Object.fromEntries(${JSON.stringify(keepEnv)}.filter((key) => key in process.env).map((key) => [key, process.env[key]]))
appendFileSync(${JSON.stringify(log)}, JSON.stringify({ args, cwd: process.cwd(), env }) + '\\n')
const list = existsSync(${JSON.stringify(answers)}) ? JSON.parse(readFileSync(${JSON.stringify(answers)}, 'utf8')) : []
const answer = list.find((one) => one.when.every((word) => args.includes(word))) ?? {}
if (answer.stdout) writeSync(1, answer.stdout)
if (answer.stderr) writeSync(2, answer.stderr)
if (answer.hangs) setInterval(() => {}, 1000)
else process.exit(answer.code ?? 0)
`,
  )
  chmodSync(join(bin, name), 0o755)
  return {
    env: { PATH: `${bin}${delimiter}${process.env.PATH ?? ''}` },
    answers: (list) => writeFileSync(answers, JSON.stringify(list)),
    calls() {
      const text = existsSync(log) ? readFileSync(log, 'utf8') : ''
      writeFileSync(log, '')
      return text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as FakeCall)
    },
  }
}
