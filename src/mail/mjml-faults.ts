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
  for (const found of visible.matchAll(/<(\/?)(mj-[\w-]+|mjml)((?:"[^"]*"|'[^']*'|[^"'>])*)>/g)) {
    const [, slash, tag = '', attributes = ''] = found
    const line = lineAt(found.index)
    if (tag === 'mj-include') {
      const message = "<mj-include> is not read; use Liquid's {% render 'name.mjml' %}"
      if (!slash) faults.push({ ...placeOf(line), message })
    } else if (!slash) {
      if (!attributes.endsWith('/')) open.push({ tag, line })
    } else if (open.at(-1)?.tag === tag) {
      open.pop()
    } else {
      const last = open.at(-1)
      const expected = last ? `<${last.tag}> is open here` : 'nothing is open here'
      return [...faults, { ...placeOf(line), message: `found </${tag}>, but ${expected}; close it first` }]
    }
  }
  for (const { tag, line } of open)
    faults.push({ ...placeOf(line), message: `<${tag}> is opened here and never closed` })
  return faults
}
