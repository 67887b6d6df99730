import type { Context } from 'hono'

export type Form = {
  /** A field as text. One that is not sent is `absent`, one that is a file or is sent twice counts as empty. */
  (name: string, absent?: string): string
  /** All that was ticked under a name, without files and what is empty; null where the name is not sent at all. */
  all(name: string): string[] | null
}

/** Reads fields as text; null where the body is no form. */
export async function readForm(c: Context): Promise<Form | null> {
  try {
    const form = await c.req.formData()
    const field = (name: string, absent = '') => {
      const values = form.getAll(name)
      if (values.length === 0) return absent
      return values.length === 1 && typeof values[0] === 'string' ? values[0] : ''
    }
    const all = (name: string) => {
      const values = form.getAll(name)
      return values.length === 0 ? null : values.filter((value) => typeof value === 'string' && value !== '')
    }
    return Object.assign(field, { all: all as Form['all'] })
  } catch (error) {
    if (error instanceof TypeError) return null
    throw error
  }
}
