/** A blog with feeds on disk, a host that has them once they are uploaded, and a hub, both over real HTTP. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type Noted, noteFeeds } from '../../src/hub/note.ts'
import { type Patience, type Pinged, pingHub } from '../../src/hub/ping.ts'
import { makeSite, type TestSite } from '../site.ts'

type Hub = {
  /** Bodies of the POSTs that came. */
  heard: URLSearchParams[]
  types: (string | undefined)[]
  /** How it answers; 204 at first. */
  answer: (response: ServerResponse) => unknown
  close(): Promise<void>
}

export type Blog = {
  site: TestSite
  hub: Hub
  /** What the host has, by path. */
  hosted: Map<string, string>
  /** How the host answers for a file it has. */
  serve: { answer: (response: ServerResponse, bytes: string) => unknown }
  /** Paths that were fetched from the host. */
  fetched: string[]
  /** Writes feeds as a round does, and notes them. */
  write(feeds: Record<string, string>, by?: { site: TestSite; noted: Noted }): Promise<void>
  remove(feed: string): void
  /** Gives the host what is on disk. */
  upload(...feeds: string[]): void
  step(at?: string, by?: TestSite, patience?: Patience): Promise<Pinged>
  /** The feeds named in each POST. */
  told(): string[][]
}

export async function openBlog(settings: Record<string, unknown> = {}): Promise<Blog> {
  const hub: Omit<Hub, 'close'> = {
    heard: [],
    types: [],
    answer: (response) => response.writeHead(204).end(),
  }
  const hubServer = await serving((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      hub.heard.push(new URLSearchParams(body))
      hub.types.push(request.headers['content-type'])
      hub.answer(response)
    })
  })
  const hosted = new Map<string, string>()
  const fetched: string[] = []
  const serve: Blog['serve'] = { answer: (response, bytes) => response.end(bytes) }
  const host = await serving((request, response) => {
    const path = (request.url ?? '').slice('/blog/'.length)
    fetched.push(path)
    const bytes = hosted.get(path)
    if (bytes === undefined) response.writeHead(404).end('no such page')
    else serve.answer(response, bytes)
  })
  const url = `${host.url}/blog`
  const site = await makeSite({ feeds: { url, hub: `${hubServer.url}/hub/`, ...settings } })
  const { folder } = site.config.feeds
  const files = new Set<string>()
  const noted: Noted = new Map()
  return {
    site,
    hub: Object.assign(hub, { close: hubServer.close }),
    hosted,
    serve,
    fetched,
    async write(feeds, by = { site, noted }) {
      for (const [feed, text] of Object.entries(feeds)) {
        files.add(feed)
        mkdirSync(dirname(join(folder, feed)), { recursive: true })
        rmSync(join(folder, feed), { force: true })
        writeFileSync(join(folder, feed), text)
      }
      await noteFeeds(by.site, [...files], by.noted)
    },
    remove(feed) {
      files.delete(feed)
      rmSync(join(folder, feed))
    },
    upload(...feeds) {
      for (const feed of feeds.length > 0 ? feeds : files)
        hosted.set(feed, readFileSync(join(folder, feed), 'utf8'))
    },
    async step(at, by = site, patience) {
      if (at) site.setClock(`2026-11-02T${at}:00Z`)
      return pingHub({ ...by, signal: new AbortController().signal }, patience)
    },
    told: () => hub.heard.map((body) => body.getAll('hub.url').map((topic) => topic.replace(`${url}/`, ''))),
  }
}

async function serving(listener: RequestListener): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  onTestFinished(close)
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close }
}
