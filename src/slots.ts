/** A slot stands in a finished rendition for what differs from one recipient to the next. */
export const SLOT_NAMES = [
  'unsubscribe',
  'preferences',
  'confirm',
  'move',
  'issue',
  'name',
  'address',
] as const
export type SlotName = (typeof SLOT_NAMES)[number]
export const SLOT_OPEN = '\uE000'
export const SLOT_CLOSE = '\uE001'
const OTHERWISE = '\uE006'

/** The known names and no others, each with what stands there for those who have no such value. */
export const SLOTS = new RegExp(
  `${SLOT_OPEN}(${SLOT_NAMES.join('|')})(?:${OTHERWISE}([^\uE000-\uE006]*))?${SLOT_CLOSE}`,
  'g',
)

/** Any of the characters that slots, and the marks of templates, are made of: in a message there is none. */
export const MARKS_IN_TEXT = /[\uE000-\uE006]/
const EACH_MARK = new RegExp(MARKS_IN_TEXT, 'g')

/**
 * The slot of that name, as it stands in the subject, the HTML and the text of a rendition.
 *
 * @param otherwise what recipients see who have no value for it
 */
export function slot(name: SlotName, otherwise = ''): string {
  return SLOT_OPEN + name + (otherwise === '' ? '' : OTHERWISE + otherwise) + SLOT_CLOSE
}

/** Text without the characters that marks and slots are made of: no title may pretend to be a slot. */
export function withoutMarks(text: string): string {
  return text.replace(EACH_MARK, '')
}
