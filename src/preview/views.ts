/**
 * HTML of ours as somebody else's program would show it. No frame can be told to be dark: `prefers-color-scheme` is the
 * reader's, and the author has one of the two. So the copy that is shown has its answer written into it.
 */

/** The same in light or in dark, whatever the browser prefers. */
export function inScheme(html: string, scheme: 'light' | 'dark'): string {
  const answered = html.replace(/\(\s*prefers-color-scheme\s*:\s*(\w+)\s*\)/gi, (_, asked: string) =>
    asked.toLowerCase() === scheme ? '(min-width: 0)' : '(max-width: 0)',
  )
  // What the browser draws by itself goes by this: the ground, fields, scroll bars.
  return intoHead(answered, `<style>:root { color-scheme: ${scheme} !important }</style>`)
}

/** Without any style: the least that a mail program leaves of a message. */
export function withoutStyles(html: string): string {
  const bare = html
    .replace(/<style\b[^>]*>[\s\S]*?<\/style>/gi, '')
    // Text is escaped, so what looks like a tag is one.
    .replace(/<[a-z][^>]*>/gi, (tag) => tag.replace(/\s(?:style|class|bgcolor|background)="[^"]*"/gi, ''))
  return inScheme(bare, 'light')
}

/** Links open beside the preview, in which they would take its place. */
export function linkedOut(html: string): string {
  return intoHead(html, '<base target="_blank">')
}

function intoHead(html: string, markup: string): string {
  return /<\/head>/i.test(html) ? html.replace(/<\/head>/i, () => `${markup}</head>`) : markup + html
}
