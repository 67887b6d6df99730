import type { Hono } from 'hono'
import { firstRoundAt } from '../store/settings.ts'
import type { Web } from './page.ts'

/** `/healthz`, for programs that watch: the server is there and its database answers. */
export function healthPage(app: Hono, web: Web): void {
  app.get('/healthz', async (c) => {
    c.header('Cache-Control', 'no-store')
    try {
      await firstRoundAt(web.db)
      return c.text('ok')
    } catch (error) {
      web.log?.error({ err: error }, `the database does not answer: ${error}`)
      return c.text('the database does not answer', 503)
    }
  })
}
