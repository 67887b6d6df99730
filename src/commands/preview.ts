import { mkdtemp, rm } from 'node:fs/promises'
import { isIPv6 } from 'node:net'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import type { Config } from '../config.ts'
import { splitListen } from '../config-schema.ts'
import { UsageError, UserError } from '../errors.ts'
import { withMjml } from '../mail/mjml.ts'
import { type Choice, readSite } from '../preview/make.ts'
import { servePreview } from '../preview/serve.ts'
import { findPost } from './find-post.ts'
import { type Context, EXIT } from './main.ts'

/** Shows a post in the browser, anew at each save, until a signal comes. */
export async function preview(
  context: Context,
  name: string | undefined,
  options: { listen: string },
): Promise<number> {
  const { terminal, surroundings } = context
  const { host, port } = readListen(options.listen)
  const config = context.config()
  const first = name === undefined ? null : await choose(name, config, surroundings.folder)
  const scratch = await mkdtemp(join(tmpdir(), 'posthorn-preview-'))
  try {
    await withMjml(async (mjml) => {
      const { folder, now, signal } = surroundings
      const served = await servePreview(
        { configure: context.config, first, folder, mjml, scratch, now },
        { host, port },
      )
      try {
        terminal.out(`http://${isIPv6(host) ? `[${host}]` : host}:${served.port}/`)
        terminal.say('open it in a browser; it follows what you save, until Ctrl-C')
        if (!/^(127\.|::1$|localhost$)/.test(host))
          terminal.say('it shows drafts to everybody who reaches this machine')
        if (!signal.aborted)
          await new Promise<void>((resolve) =>
            signal.addEventListener('abort', () => resolve(), { once: true }),
          )
      } finally {
        await served.close()
      }
    })
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
  return EXIT.done
}

/** A post that has a fault is one that the author wants to see, so its file is enough. */
async function choose(name: string, config: Config, folder: string): Promise<Choice> {
  const { posts, faults } = await readSite(config, null)
  try {
    return { kind: 'issue', file: findPost(posts, name, { config }, folder).file }
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    const file = [resolve(folder, name), resolve(config.folder, name), resolve(config.posts.folder, name)]
      .map((path) => ({ shown: relative(config.folder, path), below: relative(config.posts.folder, path) }))
      .find(({ shown }) => faults.some((fault) => fault.file === shown.replaceAll('\\', '/')))
    if (!file) throw error
    return { kind: 'issue', file: file.below.replaceAll('\\', '/') }
  }
}

function readListen(text: string): { host: string; port: number } {
  const listen = /^(\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}$/.test(text) ? splitListen(text) : null
  if (listen && listen.port <= 65535) return listen
  throw new UsageError(`--listen is "${text}", which is no address and port`, {
    hint: 'write it as 127.0.0.1:8080; port 0 takes one that is free',
  })
}
