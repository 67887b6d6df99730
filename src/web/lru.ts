/** What was asked for last, up to so many bytes; what nobody asked for longest goes first. */
export type Lru<Value> = {
  get(key: string): Value | undefined
  set(key: string, value: Value, bytes: number): void
  delete(key: string): void
}

/** @param most bytes in all; a value that is larger than that by itself is not kept */
export function openLru<Value>(most: number): Lru<Value> {
  // A Map gives its keys in the order in which they were set, so the first is the one to let go.
  const kept = new Map<string, { value: Value; bytes: number }>()
  let total = 0
  function remove(key: string): void {
    total -= kept.get(key)?.bytes ?? 0
    kept.delete(key)
  }
  return {
    get(key) {
      const found = kept.get(key)
      if (found === undefined) return undefined
      kept.delete(key)
      kept.set(key, found)
      return found.value
    },
    set(key, value, bytes) {
      remove(key)
      if (bytes > most) return
      kept.set(key, { value, bytes })
      total += bytes
      for (const oldest of kept.keys()) {
        if (total <= most) break
        remove(oldest)
      }
    },
    delete: remove,
  }
}
