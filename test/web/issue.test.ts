import { describe, expect, test } from 'vitest'
import { inTheBrowser } from '../../src/web/issue.ts'
import { makeSite, post } from '../site.ts'
import { openBrowser } from './browser.ts'

describe('an issue in the browser', () => {
  test('is what was mailed, with nobody in it and no link that leads nowhere', async () => {
    const site = await makeSite()
    await site.round()
    await site.join('ada@example.org')
    site.write('news.md', post('News & more', '2026-11-02', '![A picture](https://blog.example/p.png)'))
    await site.round()
    const { visit } = await openBrowser(site)
    const answer = await visit('/issues/1')
    expect(answer.status).toBe(200)
    expect(answer.text).toContain('News &amp; more')
    expect(answer.text).toContain('style="')
    expect(answer.text).toContain('src="https://blog.example/p.png"')
    expect(answer.text).not.toMatch(/[\uE000-\uE005]/)
    expect(answer.text).not.toMatch(/href="\s*"/)
    expect(answer.text).not.toContain('ada@')
    expect(answer.text).not.toContain('View in the browser')
    expect(answer.text).toContain('href="https://mail.blog.example/unsubscribe"')
    expect((await visit('/unsubscribe')).status).toBe(200)
    const policy = answer.headers['content-security-policy']
    expect(policy).toContain("style-src 'unsafe-inline'")
    expect(policy).toContain('img-src http: https:')
    expect(policy).not.toContain('script')
    for (const path of ['/issues/1?rendition=1', '/issues/1?utm=x'])
      expect((await visit(path)).text).toBe(answer.text)
    for (const query of ['0', '2', '-1', '1.5', 'x', '__proto__', 'length', 'Infinity'])
      expect((await visit(`/issues/1?rendition=${query}`)).status).toBe(404)
  })

  test('is shown while it is sent, paused or done, and is nothing before or when it was cancelled', async () => {
    const site = await makeSite()
    await site.round()
    await site.join('ada@example.org')
    site.write('news.md', post('News', '2026-11-02'))
    await site.round()
    const { visit } = await openBrowser(site)
    for (const state of ['sending', 'paused', 'sent', 'planned', 'held', 'cancelled'] as const) {
      await site.db.updateTable('issues').set({ state }).execute()
      expect(`${state} ${(await visit('/issues/1')).status}`).toBe(
        `${state} ${['sending', 'paused', 'sent'].includes(state) ? 200 : 404}`,
      )
    }
    for (const path of [
      '/issues/2',
      '/issues/0',
      '/issues/1e3',
      '/issues/-1',
      '/issues/',
      '/issues/999999999999999',
    ])
      expect((await visit(path)).status).toBe(404)
  })

  test('people who were owed different posts have each their own', async () => {
    const site = await makeSite()
    await site.round()
    await site.join('ada@example.org', 'weekly')
    site.write('one.md', post('One', '2026-11-02'))
    await site.round()
    site.setClock('2026-11-04T09:00:00Z')
    await site.join('grace@example.org', 'weekly')
    site.write('two.md', post('Two', '2026-11-04'))
    await site.round()
    site.setClock('2026-11-09T09:00:00Z')
    await site.round()
    const { visit } = await openBrowser(site)
    const links = (await site.messages()).map(
      (message) => /https:\/\/mail\.blog\.example(\/issues\/\S+)/.exec(message.text ?? '')?.[1],
    )
    expect(links.toSorted()).toEqual(['/issues/1', '/issues/1?rendition=2'])
    for (const [at, message] of (await site.messages()).entries()) {
      const { text } = await visit(links[at] as string)
      expect(text.includes('About One')).toBe(message.html?.includes('About One'))
      expect(text).toContain('About Two')
    }
  })

  test('an author who moved the link or put a picture into it still has no link that leads nowhere', () => {
    const here = '\uE000issue\uE001'
    expect(inTheBrowser(`<p>May <a class="x" href="${here}">Browser</a> | x</p>`, '/u')).toBe(
      '<p>May  | x</p>',
    )
    expect(inTheBrowser(`May\n &nbsp;·&nbsp; \n<a href="${here}">Browser</a>`, '/u')).toBe('May')
    expect(inTheBrowser(`<a href="${here}"><img alt="here"></a>`, '/u')).toBe(
      '<a href=""><img alt="here"></a>',
    )
    expect(inTheBrowser('Dear \uE000name\uE001!', '/u')).toBe('Dear !')
    expect(inTheBrowser('Dear \uE000name\uE006reader\uE001!', '/u')).toBe('Dear reader!')
  })

  test('what is said to those who got it is not said to everybody', () => {
    expect(inTheBrowser('a <span class="private">You get this.<br></span>b', '/u')).toBe('a b')
  })

  test('a rendition of nothing but spaces is a page at once', () => {
    const started = performance.now()
    for (const space of [' ', '\u00a0', '&nbsp;', '·', ' ·', '<a ']) inTheBrowser(space.repeat(20_000), '/u')
    expect(performance.now() - started).toBeLessThan(1_000)
  })
})
