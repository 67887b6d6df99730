/**
 * The one Markdown tree. A post's text is parsed once (`markdown.ts`) and every rendering, for pages, feeds, mail
 * and the text part, reads this tree and nothing else. Addresses in it are as the author wrote them; each renderer
 * makes them absolute, drops dangerous ones and escapes text where it writes it.
 */
export type Tree = {
  type: 'root'
  children: Block[]
  footnotes: Footnote[]
  /** True where a `html` node occurs: what is rendered from it has to pass the sanitizer as a whole. */
  hasRawHtml: boolean
}

export type Footnote = { number: number; children: Block[] }

export type Block =
  | { type: 'heading'; level: 1 | 2 | 3 | 4 | 5 | 6; children: Inline[] }
  | { type: 'paragraph'; children: Inline[] }
  | { type: 'quote'; children: Block[] }
  | { type: 'list'; ordered: boolean; start: number; tight: boolean; items: ListItem[] }
  | { type: 'code'; language: string; text: string }
  | { type: 'table'; align: Align[]; head: Inline[][]; rows: Inline[][][] }
  | { type: 'math'; tex: string }
  | { type: 'rule' }
  | { type: 'html'; html: string }

/** `checked` is null for an ordinary item, else the state of its task-list box. */
export type ListItem = { checked: boolean | null; children: Block[] }
export type Align = 'left' | 'center' | 'right' | null

export type Inline =
  | { type: 'text'; text: string }
  | { type: 'emphasis' | 'strong' | 'strike'; children: Inline[] }
  | { type: 'code'; text: string }
  | { type: 'math'; tex: string }
  | { type: 'link'; href: string; title: string; children: Inline[] }
  | { type: 'image'; src: string; alt: string; title: string }
  | { type: 'break' }
  | { type: 'footnote'; number: number }
  | { type: 'html'; html: string }
