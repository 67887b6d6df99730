/**
 * The words of an XML feed, kept apart from its markup.
 *
 * The `feed` package knows what stands where in RSS and Atom, but not how to write text: it splits only the first
 * `]]>`, leaves `<` in attributes, undoes an author's own `&amp;`, and normalises ids, so that Atom's differs from
 * RSS's. So it never sees a word of ours. Each string goes in as a token, `fill:7`, and is put in its place, escaped
 * here, when the markup is done. Nothing else is handed over, so nothing else can look like a token; and a token is
 * an address of its own, because `feed` parses what it takes for one.
 */
export type Fill = {
  /** A token for words of people's, in an element or an attribute. */
  text(value: string): string
  /** A token for what programs read: addresses, ids, languages and the terms of categories. */
  plain(value: string): string
  /** A token for HTML, in an element. */
  html(value: string): string
  /** A token for markup in which all is filled in. */
  markup(value: string): string
  /** A date for `feed`, which writes a token in its place. */
  date(written: string): Date
  /** The document with every token filled in, in one pass: what is filled in is not looked at again. */
  into(pieces: Pieces): string
}

/** Markup cut at its tokens: what stands between them, and their numbers. */
export type Pieces = (string | number)[]

// `feed` puts some of its texts into CDATA sections, which the filling replaces whole.
const TOKEN = /(?:<!\[CDATA\[)?fill:(\d+)(?:\]\]>)?/

export function startFill(): Fill {
  const fillings: string[] = []
  const token = (filling: string): string => `fill:${fillings.push(filling) - 1}`
  return {
    text: (value) => token(escapeText(value)),
    plain: (value) => token(escapePlain(value)),
    html: (value) => token(cdata(value)),
    markup: token,
    date: (written) => {
      const words = token(written)
      return Object.assign(new Date(0), { toISOString: () => words, toUTCString: () => words })
    },
    into: (pieces) => {
      let filled = ''
      for (const piece of pieces) filled += typeof piece === 'number' ? fillings[piece] : piece
      return filled
    },
  }
}

export function cutAtTokens(markup: string): Pieces {
  return markup.split(TOKEN).map((piece, index) => (index % 2 === 0 ? piece : Number(piece)))
}

/**
 * Text for XML and HTML, elements and attributes. As hexadecimal references: readers that take a title for HTML once
 * too often, and those that never do, both show `&#x26;` and `&#x3C;` as the author wrote them, which no other
 * spelling achieves.
 */
export function escapeText(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#x${character.charCodeAt(0).toString(16).toUpperCase()};`)
}

// By XML's own names: some readers know no others where they take a value as it stands, and nobody takes it for HTML.
function escapePlain(text: string): string {
  const names: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
  return text.replace(/[&<>"]/g, (character) => names[character] as string)
}

/**
 * The markup of an element that `feed` does not know.
 *
 * @param attributes tokens, or what needs no escaping; those that are null are left out
 * @param content likewise, or elements
 */
export function element(
  name: string,
  attributes: Record<string, string | number | null>,
  content = '',
): string {
  const written = Object.entries(attributes).map(([key, value]) =>
    value === null ? '' : ` ${key}="${value}"`,
  )
  return content === '' ? `<${name}${written.join('')}/>` : `<${name}${written.join('')}>${content}</${name}>`
}

// A section ends at the first `]]>`, so one that is part of the text is cut in two, each half in its own section.
function cdata(text: string): string {
  return `<![CDATA[${text.replaceAll(']]>', ']]]]><![CDATA[>')}]]>`
}
