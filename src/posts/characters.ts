/**
 * Characters that no feed, page or message may carry. They come in by the source itself and also by the back door of
 * an escape (`&#xE000;` in Markdown, `"\u0001"` in YAML), so what a parser hands over is cleaned again.
 *
 * Out go control characters but tab and line feed, and lone surrogates and U+FFFE and U+FFFF, which XML 1.0 forbids
 * (2.2: "excluding the surrogate blocks, FFFE, and FFFF"), and U+E000 and U+E001, which mark the slots of a message.
 */
const UNFIT = /[\x00-\x08\x0b-\x1f\x7f-\x9f\ue000\ue001\ufffe\uffff]/g
const UNFIT_OR_LONE = new RegExp(`${UNFIT.source}|\\p{Cs}`, 'u')

/** The text with line ends as "\n" and without the characters that nothing published may carry. */
export function cleanText(text: string): string {
  if (!UNFIT_OR_LONE.test(text)) return text
  return text
    .replace(/\r\n?/g, '\n')
    .replace(UNFIT, '')
    .replace(/\p{Cs}/gu, '')
}
