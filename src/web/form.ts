import type { Context } from 'hono'

/** Reads fields as text; null where the body is no form. What is a file or is sent twice counts as empty. */
export async function readForm(c: Context): Promise<((name: string) => string) | null> {
  try {
    const form = await c.req.formData()
    return (name) => {
      const values = form.getAll(name)
      return values.length === 1 && typeof values[0] === 'string' ? values[0] : ''
    }
  } catch (error) {
    if (error instanceof TypeError) return null
    throw error
  }
}
