import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { expect, test } from 'vitest'
import { findRefused } from '../../src/deliveries/pictures.ts'
import { printDigest } from '../../src/deliveries/print.ts'
import { withMjml } from '../../src/mail/mjml.ts'
import { emptyMemory, lookAtPosts } from '../../src/round.ts'
import { makeSite, post } from '../site.ts'

test('the author is told of a picture that becomes a link, with the reason', async () => {
  const site = await makeSite()
  site.write(
    'hello.md',
    post(
      'Hello',
      '2026-11-02',
      '![a street](street.webp) ![a lane](https://elsewhere.example/a.webp) ![a path](path.png)',
    ),
  )
  writeFileSync(join(site.folder, 'posts', 'street.webp'), 'not yet')
  const { posts } = await lookAtPosts(site, emptyMemory())

  expect((await findRefused(posts, site.config)).findings).toEqual([
    {
      rule: 'picture-file',
      severity: 'warning',
      where: 'posts/hello.md, street.webp',
      found: 'posts/street.webp is no PNG, JPEG, GIF, WebP, AVIF or SVG, whatever it is called',
      cure: 'a link stands in its place; save the picture as one of these',
    },
    {
      rule: 'picture-file',
      severity: 'warning',
      where: 'posts/hello.md, https://elsewhere.example/a.webp',
      found: 'it is elsewhere, and of a kind that not every mail program shows',
      cure: 'a link stands in its place; put its file beside the post, or name a PNG or JPEG',
    },
    {
      rule: 'picture-file',
      severity: 'warning',
      where: 'posts/hello.md, path.png',
      found: 'there is no such file beside the post',
      cure: 'its words stand in its place; put it there, or mend the address',
    },
  ])
  // A digest would not show it, unless it shows whole posts.
  expect((await findRefused([...posts, ...posts], site.config)).findings).toEqual([])
  const { newsletter } = site.config
  const full = { ...newsletter, digests: { ...newsletter.digests, show: 'full' as const } }
  const { findings } = await findRefused([...posts, ...posts], { ...site.config, newsletter: full })
  expect(new Set(findings.map(({ where }) => where)).size).toBe(3)
})

test('a digest of whole posts hosts the pictures of their texts, one of summaries those above them', async () => {
  const show = async (show: string) => {
    const site = await makeSite({ newsletter: { digests: { show } } })
    site.write('hello.md', post('Hello', '2026-11-02', '![a street](street.png)'))
    const drawing = sharp({ create: { width: 40, height: 30, channels: 3, background: '#c33' } })
    writeFileSync(join(site.folder, 'posts', 'street.png'), await drawing.png().toBuffer())
    const { posts } = await lookAtPosts(site, emptyMemory())
    return withMjml((mjml) => printDigest(posts, { ...site.config, language: 'en', mjml }))
  }
  expect((await show('full')).html).toMatch(/<img src="https:\/\/mail\.blog\.example\/media\/[^"]*\.png"/)
  expect((await show('summary')).html).not.toContain('/media/')
})
