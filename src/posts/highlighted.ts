/**
 * What the highlighter found out, in a file for the next start. It is a cache: where it is lost, damaged, or of another
 * edition, all of it is found out again, and nobody sees a difference but in time.
 *
 * Only where a kind begins and ends is kept, never a text: what is wrong in the file makes a colour wrong at worst, and
 * whoever can write to it can put nothing into a page.
 */
import { readIfThere, replaceFile } from '../file.ts'

const ABOUT = '# A cache of where the colours of code begin and end; it may be deleted. Edition '
const LINE = /^([\w-]{22}) ((?:[a-z_]\d{1,6})*)$/
/** How many are kept, some 200 bytes each: what an author tries out in a running process adds up. */
const MOST = 100_000

export type Highlighted = {
  find: (key: string) => Promise<string | null>
  keep: (key: string, runs: string) => void
  /** A process makes every page at first, so what it has not asked for when it saves has gone from the posts. */
  save: () => Promise<void>
}

export function openHighlighted(file: string, edition: string): Highlighted {
  const about = ABOUT + edition
  const used = new Map<string, string>()
  let reading: Promise<Map<string, string>> | null = null
  let isAsWritten = true

  const use = (key: string, runs: string) => {
    used.set(key, runs)
    const [oldest] = used.keys()
    if (used.size > MOST && oldest !== undefined) used.delete(oldest)
  }
  return {
    find: async (key) => {
      reading ??= readLines(file, about)
      const runs = used.get(key) ?? (await reading).get(key) ?? null
      if (runs !== null) use(key, runs)
      return runs
    },
    keep: (key, runs) => {
      isAsWritten = false
      use(key, runs)
    },
    save: async () => {
      if (reading === null) return
      const before = (await reading).size
      if (isAsWritten && (before === 0 || before === used.size)) return
      const lines = Array.from(used, ([key, runs]) => `${key} ${runs}`)
      await replaceFile(file, `${[about, ...lines].join('\n')}\n`)
      isAsWritten = true
      // What is used is in memory, and what is not is forgotten.
      reading = Promise.resolve(new Map())
    },
  }
}

async function readLines(file: string, about: string): Promise<Map<string, string>> {
  const [first, ...lines] = ((await readIfThere(file))?.toString() ?? '').split('\n')
  const found = new Map<string, string>()
  if (first !== about) return found
  for (const line of lines) {
    const [, key, runs] = LINE.exec(line) ?? []
    if (key !== undefined && runs !== undefined) found.set(key, runs)
  }
  return found
}
