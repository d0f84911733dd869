import { SankofaError } from '../core/index.ts'

/** Unsigned LEB128: seven bits a byte, least first; whole numbers up to 2^53 − 1. */
export function writeVarint(bytes: number[], value: number): void {
  let rest = value
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80)
    rest = Math.floor(rest / 0x80)
  }
  bytes.push(rest)
}

/** Reads what {@link writeVarint} wrote, one after another. */
export type VarintReader = {
  readonly atEnd: () => boolean
  readonly next: () => number
  readonly bytes: (n: number) => Uint8Array
}

/** @throws SankofaError `ENCODING_BROKEN`, from `next` and `bytes`, where the bytes end too early or a number is too large */
export function readVarints(encoded: Uint8Array, what: string): VarintReader {
  let offset = 0
  const broken = (): SankofaError => new SankofaError('ENCODING_BROKEN', { what, offset, length: encoded.length })
  return {
    atEnd: () => offset >= encoded.length,
    next() {
      let value = 0
      let factor = 1
      for (;;) {
        const byte = encoded[offset]
        if (byte === undefined || factor > 2 ** 49) throw broken()
        offset += 1
        value += (byte & 0x7f) * factor
        if (byte < 0x80) break
        factor *= 0x80
      }
      if (value > Number.MAX_SAFE_INTEGER) throw broken()
      return value
    },
    bytes(n) {
      if (offset + n > encoded.length) throw broken()
      offset += n
      return encoded.subarray(offset - n, offset)
    },
  }
}
