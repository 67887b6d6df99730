/**
 * The colours of mail, in one place for templates and articles. Mid-tones on a plain ground: mail programs that turn
 * colours over by themselves in the dark (Gmail asks nobody) leave them readable. Each text colour has a contrast of
 * 4.5:1 or more with the ground and with the panel. Hex, because Gmail drops a style block over `rgb(0 0 0 / 50%)`.
 */
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
