import type { MiddlewareHandler } from 'hono'

/*
 * No scripts, save the one of the form to subscribe, and in nobody's frame. Styles stand in the pages themselves. Pictures may be the author's from
 * elsewhere: what they learn of the reader is that a page was opened, and by the referrer policy not which.
 */
const PAGE = [
  "default-src 'none'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' https: data:",
  "font-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

/**
 * The form to subscribe: as all pages, and one script, told by a number that is drawn for each answer, so that no other
 * file of this host runs here, were it the author's own. The script fetches its challenge and starts its workers.
 */
export function formPolicy(nonce: string): string {
  return `${PAGE}; script-src 'nonce-${nonce}'; worker-src 'self'; connect-src 'self'`
}

/** A message in the browser: its styles are inline and its pictures wherever the posts have them. */
export const MESSAGE_POLICY = [
  "default-src 'none'",
  "style-src 'unsafe-inline'",
  'img-src http: https: data:',
  'media-src http: https:',
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** The author's files, which may play a video or hold a form for anywhere, but run nothing in our name. */
export const FILE_POLICY = ["script-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"].join('; ')

/** Headers that every answer has; what a page has set itself stays. */
export function securityHeaders(): MiddlewareHandler {
  const headers = {
    'Content-Security-Policy': PAGE,
    // A token in an address goes nowhere with a click.
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
  }
  return async (c, next) => {
    await next()
    for (const [name, value] of Object.entries(headers))
      if (!c.res.headers.has(name)) c.res.headers.set(name, value)
  }
}
