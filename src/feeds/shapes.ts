/**
 * Making feeds is mostly writing the same markup again: `feed` sees no word of an entry, only tokens, whose numbers
 * begin at 0 for each, and so any two with one tag, one author, a summary and no picture are the same to it. That is
 * their shape. `feed` writes each shape once; its markup is cut at the tokens, and whatever has that shape is those
 * pieces with its own words in between. So it is with the document around the entries.
 *
 * Nothing has to be listed here that makes one shape another: a shape is known by all that `feed` is told.
 */
import { cutAtTokens, type Fill, type Pieces, startFill } from './fill.ts'

/**
 * The markup of things, one behind the other, all filled in.
 *
 * @param tell what a format says of a thing, in tokens and in what decides about the markup; it has to be JSON
 * @param toMarkup the markup of what was told, in which all words are tokens
 */
export type Write = <Thing, Told>(
  things: Thing[],
  tell: (thing: Thing, fill: Fill) => Told,
  toMarkup: (told: Told[]) => string,
) => string

/** Most blogs have some dozens; it is the numbers of tags that make more. */
const MOST_KEPT = 1000

/**
 * A format's own way of writing. It keeps the shapes as long as the process lives: they depend on what is told and on
 * nothing else, so they are never out of date, and no word of a post is in them.
 */
export function startShapes(most = MOST_KEPT): Write {
  const shapes = new Map<string, Pieces>()
  return (things, tell, toMarkup) => {
    let markup = ''
    for (const thing of things) {
      const fill = startFill()
      const told = tell(thing, fill)
      const key = JSON.stringify(told)
      let shape = shapes.get(key)
      if (!shape) {
        shape = cutAtTokens(toMarkup([told]))
        if (shapes.size >= most) shapes.delete(shapes.keys().next().value as string)
        shapes.set(key, shape)
      }
      markup += fill.into(shape)
    }
    return markup
  }
}
