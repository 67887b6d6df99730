/** What MJML would mend or leave out without a word, as faults. */
import type { Fault } from '../errors.ts'
import { lineCounter, type Place } from './line-marks.ts'

/**
 * Faults of tags: MJML mends those that are not closed by dropping what follows, and leaves out includes.
 *
 * @param placeOf where a line of the source is from
 */
export function structureFaults(source: string, placeOf: (line: number) => Place): Fault[] {
  const faults: Fault[] = []
  const open: { tag: string; line: number }[] = []
  const blank = (text: string) => text.replace(/[^\n]/g, ' ')
  const visible = source.replace(/<!--[\s\S]*?-->/g, blank)
  const lineAt = lineCounter(visible)
  if (!/<mjml\b/.test(visible))
    return [
      {
        ...placeOf(1),
        message: "there is no <mjml> in it; begin with {% layout 'frame.mjml' %} and a block",
      },
    ]
  for (const found of visible.matchAll(/<(\/?)(mj-[\w-]+|mjml)((?:"[^"]*"|'[^']*'|[^"'<>])*)(>|[^>]|$)/g)) {
    const [, slash, tag = '', attributes = '', end] = found
    const line = lineAt(found.index)
    if (end !== '>')
      return [
        ...faults,
        { ...placeOf(line), message: `<${slash}${tag} has no end; a ">" or a quotation mark is missing` },
      ]
    if (tag === 'mj-include') {
      const message = "<mj-include> is not read; use Liquid's {% render 'name.mjml' %}"
      if (!slash) faults.push({ ...placeOf(line), message })
    } else if (!slash) {
      if (!attributes.endsWith('/')) open.push({ tag, line })
    } else if (open.at(-1)?.tag === tag) {
      open.pop()
    } else {
      const last = open.at(-1)
      // The end may stand in a template around this one: what it is the end of says which of the two is wrong.
      const [at, message] =
        last && open.some((each) => each.tag === tag)
          ? [last.line, `<${last.tag}> is not closed before </${tag}>`]
          : [line, `found </${tag}>, but ${last ? `<${last.tag}>` : 'nothing'} is open here; take it out`]
      return [...faults, { ...placeOf(at), message }]
    }
  }
  for (const { tag, line } of open)
    faults.push({ ...placeOf(line), message: `<${tag}> is opened here and never closed` })
  return faults
}
