/**
 * The pages of the site for search engines (sitemaps.org 0.9), oldest posts first, the lists of posts behind them. A
 * site with many has several files with an index over them: a new post changes the last of them and the index.
 */
import { escapeHtml } from '../markup.ts'

/** `changed` in RFC 3339, or null where nobody could say. */
export type Mapped = { url: string; changed: string | null }

const XML = '<?xml version="1.0" encoding="UTF-8"?>'
const NAMESPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'

/** What a file holds. Search engines take ten times as many, but then each new post would write them all anew. */
export const MOST_MAPPED = 5_000

/** One file of pages. */
export function renderSitemap(pages: Mapped[]): string {
  const lines = pages.map(
    ({ url, changed }) =>
      `<url><loc>${escapeHtml(url)}</loc>${changed ? `<lastmod>${changed}</lastmod>` : ''}</url>`,
  )
  return [XML, `<urlset ${NAMESPACE}>`, ...lines, '</urlset>\n'].join('\n')
}

/** The index over several files, each at one of these addresses. */
export function renderSitemapIndex(urls: string[]): string {
  const lines = urls.map((url) => `<sitemap><loc>${escapeHtml(url)}</loc></sitemap>`)
  return [XML, `<sitemapindex ${NAMESPACE}>`, ...lines, '</sitemapindex>\n'].join('\n')
}
