import { UserError } from '../errors.ts'
import { openLog } from '../log.ts'
import { emptyMemory, type Round, round } from '../round.ts'
import type { Site } from '../site.ts'
import { describeForgotten } from '../subscribers/forget.ts'
import { count } from '../terminal.ts'
import { work } from '../worker.ts'
import { publishedLines } from './build.ts'
import { type Context, EXIT } from './main.ts'
import { tellSeen } from './seen.ts'

/** Rounds until a signal comes, with the web pages beside them; or one round. */
export async function worker(context: Context, options: { once?: boolean; json?: boolean }): Promise<number> {
  return context.withSite(async (site) => {
    if (options.once) return once(context, site, options)
    const log = openLog(context.surroundings.streams.stderr)
    const { signal } = context.surroundings
    const { listen } = await import('../web/server.ts')
    let wake = () => {}
    const web = await listen({ ...site, log, onQueued: () => wake() })
    log.info(
      { port: web.port },
      `pages at ${site.config.web.url}, listening on ${site.config.web.host}:${web.port}`,
    )
    try {
      const working = await work(site, log, signal)
      wake = working.wake
      await working.finished
    } finally {
      await web.close()
    }
    log.info('stopped')
    return EXIT.done
  })
}

/** The web pages alone, until a signal comes. What is enqueued by them waits for a worker. */
export async function serve(context: Context): Promise<number> {
  return context.withSite(async (site) => {
    const log = openLog(context.surroundings.streams.stderr)
    const { signal } = context.surroundings
    const { listen } = await import('../web/server.ts')
    const web = await listen({ ...site, log, onQueued: () => {} })
    log.info(
      { port: web.port },
      `pages at ${site.config.web.url}, listening on ${site.config.web.host}:${web.port}`,
    )
    if (!signal.aborted)
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
    await web.close()
    return EXIT.done
  })
}

async function once(context: Context, site: Site, options: { json?: boolean }): Promise<number> {
  const { terminal, surroundings } = context
  const done = await round(site, emptyMemory(), surroundings.signal)
  tellSeen(context, done)
  if (options.json) terminal.json(roundJson(done))
  else for (const line of roundLines(done, site)) terminal.out(line)
  const { failed, unknown, unreachable } = done.delivered
  if (unreachable) {
    throw new UserError(`no mail goes out for now: ${unreachable}`, {
      hint: 'nothing is lost: what is queued goes out in the next round in which it can',
    })
  }
  return failed + unknown > 0 ? EXIT.partly : EXIT.done
}

function roundLines(done: Round, site: Site): string[] {
  const lines = publishedLines(done, site)
  for (const issue of done.enqueued) {
    const name = `issue #${issue.number}, ${issue.subject}: for ${count(issue.recipients, 'person', 'people')}`
    lines.push(issue.hold === null ? name : `${name}, held: ${issue.hold}`)
    if (issue.hold !== null) lines.push(`  to let it go: posthorn issues release ${issue.number}`)
  }
  if (done.forgotten > 0) lines.push(describeForgotten(done.forgotten))
  const { sent, failed, later, unknown } = done.delivered
  const parts = [
    [sent, 'sent'],
    [failed, 'failed'],
    [later, 'to be tried again'],
    [unknown, 'unknown'],
  ].filter(([number]) => number !== 0)
  lines.push(
    parts.length === 0 ? 'no mail was due' : `messages: ${parts.map((part) => part.join(' ')).join(', ')}`,
  )
  lines.push(...done.delivered.happened, ...done.pinged.happened.map(({ line }) => line))
  return lines
}

function roundJson(done: Round) {
  return {
    posts: done.posts.length,
    faults: done.faults,
    files: done.files.length,
    written: done.files.filter((file) => file.written).map(({ file }) => file),
    issues: done.enqueued.map(({ number, kind, subject, recipients, posts }) => ({
      number,
      kind,
      subject,
      recipients,
      posts: posts.map((post) => post.slug),
    })),
    forgotten: done.forgotten,
    deliveries: done.delivered,
    hub: done.pinged,
  }
}
