import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import type { Remember } from '../../pipeline/index.ts'

const written = Type.Record(Type.String(), Type.Object({ key: Type.String(), result: Type.String() }))

/** Which steps were done here for which inputs, so that a deployer that was killed goes on where it was. */
export function stepsDone(file: string): Remember {
  const read = async (): Promise<Record<string, { key: string; result: string }>> => {
    try {
      const value: unknown = JSON.parse(await readFile(file, 'utf8'))
      return Value.Check(written, value) ? value : {}
    } catch {
      // None yet, or damaged: steps are done again, which is right at any time.
      return {}
    }
  }
  return {
    async done(id, key) {
      const found = (await read())[id]
      return found?.key === key ? found.result : undefined
    },
    async record(id, key, result) {
      const all = { ...(await read()), [id]: { key, result } }
      await mkdir(dirname(file), { recursive: true })
      await writeFile(`${file}.${process.pid}.new`, JSON.stringify(all))
      await rename(`${file}.${process.pid}.new`, file)
    },
  }
}
