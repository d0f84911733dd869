import { createReadStream } from 'node:fs'
import { readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { ShippedFile } from '../file-list.ts'

const block = 512
const readAtOnceBytes = 4 * 1024 * 1024

export type Packed = { readonly path: string; readonly content: Buffer } | ShippedFile

/** A tar stream (ustar, pax where a name needs it) that depends on the files alone: no times, no owners. */
export async function* writeTar(folder: string, files: readonly Packed[]): AsyncGenerator<Buffer> {
  for (const file of files) {
    const path = join(folder, file.path)
    if ('content' in file) yield* whole(file.path, file.content, 0o644)
    else if (file.is === 'link') yield* entry(file.path, '2', 0, 0o777, await readlink(path))
    else {
      const mode = file.is === 'program' ? 0o755 : 0o644
      if (file.bytes <= readAtOnceBytes) yield* whole(file.path, await readFile(path), mode)
      else {
        yield* entry(file.path, '0', file.bytes, mode, '')
        let written = 0
        for await (const chunk of createReadStream(path)) {
          written += (chunk as Buffer).length
          yield chunk as Buffer
        }
        if (written !== file.bytes) throw new Error(`${path} grew or shrank while it was packed`)
        yield padding(file.bytes)
      }
    }
  }
  yield Buffer.alloc(2 * block)
}

function* whole(path: string, content: Buffer, mode: number): Generator<Buffer> {
  yield* entry(path, '0', content.length, mode, '')
  yield content
  yield padding(content.length)
}

const padding = (bytes: number): Buffer => Buffer.alloc((block - (bytes % block)) % block)

function* entry(path: string, flag: string, bytes: number, mode: number, target: string): Generator<Buffer> {
  const records = [
    ...(Buffer.byteLength(path) > 100 || !isPlain(path) ? [paxRecord('path', path)] : []),
    ...(Buffer.byteLength(target) > 100 || !isPlain(target) ? [paxRecord('linkpath', target)] : []),
    ...(bytes > 0o77777777777 ? [paxRecord('size', String(bytes))] : []),
  ]
  if (records.length > 0) {
    const text = Buffer.concat(records)
    yield header('PaxHeader', 'x', text.length, 0o644, '')
    yield text
    yield padding(text.length)
  }
  yield header(path, flag, bytes, mode, target)
}

const isPlain = (text: string): boolean => /^[\x20-\x7e]*$/.test(text)

function paxRecord(name: string, value: string): Buffer {
  const rest = Buffer.from(` ${name}=${value}\n`)
  // The length counts its own digits.
  let length = rest.length
  while (length !== rest.length + String(length).length) length = rest.length + String(length).length
  return Buffer.concat([Buffer.from(String(length)), rest])
}

function header(path: string, flag: string, bytes: number, mode: number, target: string): Buffer {
  const buffer = Buffer.alloc(block)
  const octal = (value: number, offset: number, length: number): void =>
    void buffer.write(`${value.toString(8).padStart(length - 1, '0')}\0`, offset, 'latin1')
  Buffer.from(path).copy(buffer, 0, 0, 100)
  octal(mode, 100, 8)
  octal(0, 108, 8)
  octal(0, 116, 8)
  octal(Math.min(bytes, 0o77777777777), 124, 12)
  octal(0, 136, 12)
  buffer.fill(32, 148, 156)
  buffer.write(flag, 156, 'latin1')
  Buffer.from(target).copy(buffer, 157, 0, 100)
  buffer.write('ustar\x0000', 257, 'latin1')
  const sum = buffer.reduce((total, byte) => total + byte, 0)
  buffer.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return buffer
}
