/** A table as text: in columns, or where these are too wide for a line, row by row. */
import { hanging } from './indent.ts'
import { columns, wrap } from './wrap.ts'

/**
 * @param head empty, or of empty cells, where there are no heads
 * @param align of each column: `left`, `right`, `center`, or null
 * @param width in columns of a terminal
 */
export function layOutTable(
  head: string[],
  rows: string[][],
  align: (string | null)[],
  width: number,
): string {
  const widths = align.map((_, column) =>
    Math.max(...[head, ...rows].map((row) => columns(row[column] ?? ''))),
  )
  const total = widths.reduce((sum, each) => sum + each + 2, -2)
  if (total > width) return records(head, rows, width)
  const line = (row: string[]) =>
    widths
      .map((each, column) => pad(row[column] ?? '', each, align[column] ?? 'left'))
      .join('  ')
      .trimEnd()
  const isNamed = head.some((text) => text !== '')
  const top = isNamed
    ? [
        line(head),
        widths
          .map((each) => '-'.repeat(each))
          .join('  ')
          .trimEnd(),
      ]
    : []
  return [...top, ...rows.map(line)].join('\n')
}

/** A table that is too wide for columns: each row as lines of "Head: cell". */
function records(head: string[], rows: string[][], width: number): string {
  return rows
    .map((row) =>
      row
        .map((cell, column) => {
          if (cell === '') return ''
          const text = head[column] ? `${head[column]}: ${cell}` : cell
          return hanging(column === 0 ? '' : '  ', (room) => wrap(text, room), width)
        })
        .filter((text) => text !== '')
        .join('\n'),
    )
    .join('\n\n')
}

function pad(text: string, width: number, align: string): string {
  const space = width - columns(text)
  const before = align === 'right' ? space : align === 'center' ? Math.floor(space / 2) : 0
  return ' '.repeat(before) + text + ' '.repeat(space - before)
}
