/** `/media/NAME`: the pictures of mails, for as long as anybody keeps the mail. */
import type { HttpBindings } from '@hono/node-server'
import type { Hono } from 'hono'
import { isMediaName, mediaFolder } from '../pictures/media.ts'
import { answers, type Ready } from './answer.ts'
import { alreadySent, give } from './files.ts'
import { mediaKind } from './kind.ts'
import type { Web } from './page.ts'
import { openShelf } from './shelf.ts'

/** What has no name of ours is left to the author, who may have a `media` folder too. */
export function media(app: Hono, web: Web): void {
  const { prepare, answer } = answers(web, mediaKind)
  const shelf = openShelf<Ready>(mediaFolder(web.config), prepare)
  app.get('/media/:name', async (c, next) => {
    const name = c.req.param('name')
    const found = isMediaName(name) ? shelf.find(name) : null
    if (found === null || found === 'folder') return next()
    return give(c.env as HttpBindings, found, { shelf, answer }) ? alreadySent() : next()
  })
}
