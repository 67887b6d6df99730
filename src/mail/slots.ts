/** A slot stands in a finished rendition for what differs from one recipient to the next. */
export const SLOT_NAMES = ['unsubscribe', 'preferences', 'confirm', 'issue', 'name', 'address'] as const
export type SlotName = (typeof SLOT_NAMES)[number]
export const SLOT_OPEN = '\uE000'
export const SLOT_CLOSE = '\uE001'

/** The slot of that name, as it stands in the subject, the HTML and the text of a rendition. */
export function slot(name: SlotName): string {
  return SLOT_OPEN + name + SLOT_CLOSE
}
