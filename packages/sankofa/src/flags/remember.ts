/**
 * Keeps what was computed for the last `limit` keys or so. Forgetting all at once is crude, but a lookup costs nothing more
 * than a `Map`'s, and memory has a bound.
 */
export function remember<T>(limit: number, compute: (key: string) => T): (key: string) => T {
  const kept = new Map<string, T>()
  return (key) => {
    const known = kept.get(key)
    if (known !== undefined) return known
    const value = compute(key)
    if (kept.size >= limit) kept.clear()
    kept.set(key, value)
    return value
  }
}
