/** Schemas have few distinct texts, but a long-lived process sees many schemas. */
const mostRemembered = 5_000

/** Makes once what is asked for again and again by the same text. What was made must not be altered. */
export function remember<Made>(make: (text: string) => Made): (text: string) => Made {
  const made = new Map<string, Made>()
  return (text) => {
    const known = made.get(text)
    if (known !== undefined || made.has(text)) return known as Made
    if (made.size >= mostRemembered) made.clear()
    const fresh = make(text)
    made.set(text, fresh)
    return fresh
  }
}

/** The same for what is made of one object: it is forgotten with it. */
export function rememberOf<Key extends object, Made extends object>(make: (key: Key) => Made): (key: Key) => Made {
  const made = new WeakMap<Key, Made>()
  return (key) => {
    const known = made.get(key)
    if (known !== undefined) return known
    const fresh = make(key)
    made.set(key, fresh)
    return fresh
  }
}
