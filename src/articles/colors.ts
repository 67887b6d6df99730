/**
 * The colours of mail, in one place for templates and articles. Mid-tones on a plain ground: mail programs that turn
 * colours over by themselves in the dark (Gmail asks nobody) leave them readable. Each text colour has a contrast of
 * 4.5:1 or more with the ground and with the panel. Hex, because Gmail drops a style block over `rgb(0 0 0 / 50%)`.
 */
import type { Kind } from '../posts/highlight.ts'

export const LIGHT = {
  ground: '#ffffff',
  panel: '#f5f2ed',
  line: '#ddd6cb',
  text: '#26221d',
  muted: '#6b635a',
  accent: '#9a4b0b',
}

/** What a reader gets whose mail program asks for dark colours by `prefers-color-scheme`. */
export const DARK: typeof LIGHT = {
  ground: '#1a1816',
  panel: '#26231f',
  line: '#423d36',
  text: '#e6e0d8',
  muted: '#a89f93',
  accent: '#f0a35e',
}

/**
 * The colours of code, by the class that a piece of it has: the light one stands inline, the dark one is for the style
 * block of the frame. The hues are those of the pages.
 */
export const CODE = {
  c: { light: '#6b635a', dark: '#a89f93' },
  k: { light: '#a82a3a', dark: '#ff918c' },
  n: { light: '#6a3da8', dark: '#cdb0ff' },
  s: { light: '#0d5f63', dark: '#8ccfd0' },
  t: { light: '#2a6a2a', dark: '#92d295' },
  v: { light: '#1b55ad', dark: '#8db8ff' },
}

/**
 * Which of them a kind of code has. Each piece that has one costs some fifty bytes of a message, so the names of
 * parameters, which are told by where they stand, go without.
 */
export const CODE_CLASSES: Record<Kind, keyof typeof CODE | null> = {
  comment: 'c',
  keyword: 'k',
  name: 'n',
  parameter: null,
  removed: 'k',
  string: 's',
  tag: 't',
  value: 'v',
}
