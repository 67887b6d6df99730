/**
 * Where a fault stands in a template. MJML counts lines of what Liquid made, which loops and layouts have moved. So each
 * line of a template ends in a mark that says where it is from.
 */
import { labelOf, type Template } from './template-files.ts'

const LINE_OPEN = '\uE004'
const LINE_CLOSE = '\uE005'
const LINE = /\uE004(\d+):(\d+)\uE005/g

/** Marks the ends of a template's lines. A mark must not stand inside a tag of Liquid's, where it would be a word of it. */
export function markLines(source: string, template: number): string {
  let line = 0
  return `${source}\n`.replace(/\{%[\s\S]*?%\}|\{\{[\s\S]*?\}\}|\n/g, (found) => {
    const before = line
    line += found.split('\n').length - 1
    return found === '\n' ? `${LINE_OPEN}${template}:${before + 1}${LINE_CLOSE}\n` : found
  })
}

export type Place = { file: string; line?: number }

/** Takes the marks out again, and tells for each line of what was filled in where it is from. */
export function takeLineMarks(
  filled: string,
  templates: Map<string, Template>,
): { source: string; placeOf: (line: number) => Place } {
  const names = [...templates.keys()]
  const places = filled.split('\n').map((text) => {
    const mark = new RegExp(LINE.source).exec(text)
    return mark && { file: labelOf(names[Number(mark[1])] ?? '', templates), line: Number(mark[2]) }
  })
  const known = places.filter((place) => place !== null)
  return {
    source: withoutLineMarks(filled),
    placeOf: (line) => places[line - 1] ?? known.at(-1) ?? { file: labelOf(names[0] ?? '', templates) },
  }
}

/** Tells the line of a position, from 1; of positions that are asked about in their order. */
export function lineCounter(source: string): (position: number) => number {
  let line = 1
  let next = source.indexOf('\n')
  return (position) => {
    for (; next >= 0 && next < position; next = source.indexOf('\n', next + 1)) line++
    return line
  }
}

export function withoutLineMarks(filled: string): string {
  return filled.replace(LINE, '')
}
