import type { Context } from 'hono'
import { accepts } from 'hono/accepts'

/** Whether a program asks, on behalf of a form that stands on somebody's own page. */
export function wantsJson(c: Context): boolean {
  const supports = ['text/html', 'application/json']
  return accepts(c, { header: 'Accept', supports, default: 'text/html' }) === 'application/json'
}

/** Nobody's cookie is read by the form, so every page may read its answer, which is about one person. */
export function openToAll(c: Context): void {
  c.header('Access-Control-Allow-Origin', '*')
  c.header('Cache-Control', 'no-store')
}
