export type RecentMap<V> = {
  get(key: string): V | undefined
  put(key: string, value: V): V
}

/** Remembers what was asked for lately, up to twice `size`. Two generations instead of an order: a hit then costs one look. */
export function recentMap<V>(size: number): RecentMap<V> {
  let young = new Map<string, V>()
  let old = new Map<string, V>()
  const put = (key: string, value: V): V => {
    if (young.size >= size) {
      old = young
      young = new Map()
    }
    young.set(key, value)
    return value
  }
  return {
    get: (key) => {
      const value = young.get(key)
      if (value !== undefined) return value
      const older = old.get(key)
      return older === undefined ? undefined : put(key, older)
    },
    put,
  }
}
