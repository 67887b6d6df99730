import type { Context } from 'hono'

/**
 * Reads fields as text; null where the body is no form. A field that is not sent is `absent`, one that is a file or is
 * sent twice counts as empty.
 */
export async function readForm(c: Context): Promise<((name: string, absent?: string) => string) | null> {
  try {
    const form = await c.req.formData()
    return (name, absent = '') => {
      const values = form.getAll(name)
      if (values.length === 0) return absent
      return values.length === 1 && typeof values[0] === 'string' ? values[0] : ''
    }
  } catch (error) {
    if (error instanceof TypeError) return null
    throw error
  }
}
