/** Text with something in front of its lines. */

/** Text behind a mark such as `- `, its other lines as far to the right as the first. */
export function hanging(mark: string, text: (width: number) => string, width: number): string {
  return prefixed(mark, ' '.repeat(mark.length), text(Math.max(20, width - mark.length)))
}

/** The first line behind one beginning, all others behind another. */
export function prefixed(first: string, others: string, text: string): string {
  return text
    .split('\n')
    .map((line, index) => ((index === 0 ? first : others) + line).trimEnd())
    .join('\n')
}
