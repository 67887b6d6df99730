/**
 * What is each recipient's own, in templates. A template is rendered once for all, so there is no name in it yet, only
 * the slot where each letter will have one. A slot can be printed; compared, cut or put into capitals it would be
 * wrong for everybody. So every other use is a fault, told before anything is rendered.
 */
import { Drop } from 'liquidjs'
import type { Fault } from '../errors.ts'
import { type SlotName, slot } from '../slots.ts'

/** A value for templates that holds a slot. Printing is the one thing that Liquid lets be done to it. */
export class PrintOnly extends Drop {
  // Private, so that no template finds it: a property of a Drop can be printed.
  #text: string
  #isAddress: boolean
  #name: SlotName | null

  /** @param options.isAddress whether all of it is an address, which may be a whole attribute too */
  constructor(text: string, options: { isAddress?: boolean; name?: SlotName } = {}) {
    super()
    this.#text = text
    this.#isAddress = options.isAddress ?? false
    this.#name = options.name ?? null
  }

  static address(name: SlotName): PrintOnly {
    return new PrintOnly(slot(name), { isAddress: true })
  }

  static word(name: SlotName): PrintOnly {
    return new PrintOnly(slot(name), { name })
  }

  /** What the filter `default` makes of it: the same slot, with what stands there for recipients who have no value. */
  orElse(words: string): PrintOnly {
    return this.#name === null ? this.valueOf() : new PrintOnly(slot(this.#name, words))
  }

  // Liquid asks for the value wherever it compares, filters or tests one.
  override valueOf(): never {
    throw new Error('what is each reader’s own can be printed, and nothing else')
  }

  static textOf(value: PrintOnly): string {
    return value.#text
  }

  static isAddress(value: PrintOnly): boolean {
    return value.#isAddress
  }
}

const LITERAL = `(?:"(?:\\\\.|[^"\\\\])*"|'(?:\\\\.|[^'\\\\])*')`
const PRINTED = new RegExp(`^(?:subscriber\\.\\w+(?:\\s*\\|\\s*default\\s*:\\s*${LITERAL})?|links\\.\\w+)$`)
const NAMED = /(?<![\w.-])(subscriber|links)(?![\w-]|\s*:)|\[\s*["'](subscriber|links)["']/
const TAGS = /\{%-?([\s\S]*?)-?%\}|\{\{-?([\s\S]*?)-?\}\}/g
const UNREAD = /\{%-?\s*(comment|raw)\b[\s\S]*?\{%-?\s*end\1\s*-?%\}/g

/** The first tag or output that names what is a reader's own, for places where nothing can be; null where none does. */
export function namesOwn(source: string): string | null {
  const found = [...read(source).matchAll(TAGS)].find(([, tag, output = '']) =>
    NAMED.test(withoutLiterals(tag ?? output)),
  )
  return found?.[0] ?? null
}

/** Faults of a template's source that does more with what is a reader's own than printing it, by line. */
export function misuses(source: string): Pick<Fault, 'line' | 'message'>[] {
  const template = read(source)
  let captures = 0
  return [...template.matchAll(TAGS)].flatMap((found) => {
    const [whole, tag, output = ''] = found
    if (/^\s*capture\b/.test(tag ?? '')) captures++
    if (/^\s*endcapture\b/.test(tag ?? '')) captures--
    if (/^\s*#/.test(tag ?? '')) return []
    const named = NAMED.exec(withoutLiterals(tag ?? output))
    if (!named) return []
    if (tag === undefined && captures === 0 && PRINTED.test(output.trim())) return []
    const shown = whole.replace(/\s+/g, ' ')
    const cure =
      (named[1] ?? named[2]) === 'links'
        ? 'print it as it is, such as {{ links.unsubscribe }}'
        : "print it, such as {{ subscriber.name | default: 'there' }}"
    return [
      {
        line: template.slice(0, found.index).split('\n').length,
        message: `${shown} would be the same for all readers; ${cure}`,
      },
    ]
  })
}

/** The source without what Liquid does not read, line for line. */
function read(source: string): string {
  return source.replace(UNREAD, (text) => text.replace(/[^\n]/g, ' '))
}

// Words of the author's in quotes name nothing, save in brackets, where they are a way to write a name.
function withoutLiterals(words: string): string {
  return words.replace(new RegExp(`(?<!\\[\\s*)${LITERAL}`, 'g'), "''")
}

// What is printed right behind a "<" would become the name of a tag.
const TAG = /<\/?[a-z\uE002](?:"[^"]*"|'[^']*'|[^"'>])*>/
const NO_TEXT = /<!--[\s\S]*?-->|<(mj-title|mj-preview|mj-style|style|title)\b[^>]*>[\s\S]*?<\/\1>/
const PLACES = new RegExp(`${NO_TEXT.source}|${TAG.source}`, 'gi')

/**
 * Where in a template that Liquid has filled in stands what is no place for it: a name within a tag, an address that is
 * part of another one, anything in a title or a style.
 *
 * @param marks finds what was printed, as a mark that stands for it
 * @param meaning what a mark stands for, by its number
 * @returns positions in the source
 */
export function misplaced(source: string, marks: RegExp, meaning: (index: number) => unknown): number[] {
  return [...source.matchAll(PLACES)].flatMap((place) =>
    [...place[0].matchAll(marks)].flatMap((mark) => {
      const value = meaning(Number(mark[1]))
      if (!(value instanceof PrintOnly)) return []
      const before = place[0].slice(0, mark.index)
      const after = place[0].charAt(mark.index + mark[0].length)
      const isWholeAttribute = /=\s*["']$/.test(before) && after === before.at(-1)
      return isWholeAttribute && place[1] === undefined && PrintOnly.isAddress(value)
        ? []
        : [place.index + mark.index]
    }),
  )
}
