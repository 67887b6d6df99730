/**
 * Ids for the headings of a post, so that `#usage` leads to "Usage". They are made as GitHub makes them: that is what
 * authors know, and what other tools expect.
 *
 * @param html of a post: text in it is escaped, so what looks like a tag is one. A heading that came with attributes
 *   of its own keeps those and gets no id.
 */
export function withHeadingIds(html: string): string {
  if (!html.includes('<h')) return html
  const taken = new Set(Array.from(html.matchAll(/ (?:id|name)="([^"]*)"/g), ([, id]) => id ?? ''))
  return html.replace(/<h([1-6])>(.*?)<\/h\1>/gs, (heading, level: string, inner: string) => {
    const name = nameOf(inner)
    if (name === '') return heading
    let id = name
    for (let again = 1; taken.has(id); again++) id = `${name}-${again}`
    taken.add(id)
    return `<h${level} id="${id}">${inner}</h${level}>`
  })
}

// Letters, digits, "_" and "-" of any script are left, so there is nothing to escape. What is escaped in the HTML is
// punctuation, which goes.
function nameOf(inner: string): string {
  return inner
    .replace(/<[^>]*>|&#?\w+;/g, '')
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
    .replaceAll(' ', '-')
}
