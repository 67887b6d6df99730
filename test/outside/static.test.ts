import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { type IncomingHttpHeaders, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { describe, expect, onTestFinished, test } from 'vitest'
import { filesIn } from '../feeds/torture.ts'
import { missing } from './programs.ts'
import { buildSampleSite } from './sample-site.ts'

describe.skipIf(missing('nginx', '-v'))('nginx', () => {
  test('serves the folder as it is, and what is compressed beside it, without a line of ours', async () => {
    const folder = join(await buildSampleSite(), 'public')
    const socket = await startNginx(folder)
    const files = filesIn(folder)
    const plain = [...files].filter(([file]) => !/\.(gz|br)$/.test(file))
    expect(plain.map(([file]) => file)).toEqual(
      expect.arrayContaining(['index.html', 'rss.xml', 'atom.xml', 'feed.json', 'sitemap.xml', 'feeds.opml']),
    )
    for (const [file, bytes] of plain) {
      // A page is asked for as it is linked.
      const path = `/${file.replace(/(^|\/)index\.html$/, '$1')}`
      const whole = await fetchFrom(socket, path)
      expect([path, whole.status, whole.headers['content-encoding']]).toEqual([path, 200, undefined])
      expect(whole.bytes.equals(bytes)).toBe(true)

      const gzip = files.get(`${file}.gz`)
      const brotli = files.get(`${file}.br`)
      expect([file, gzip !== undefined]).toEqual([file, brotli !== undefined])
      if (gzip === undefined || brotli === undefined) continue
      const small = await fetchFrom(socket, path, { 'Accept-Encoding': 'gzip' })
      expect([path, small.status, small.headers['content-encoding']]).toEqual([path, 200, 'gzip'])
      expect(small.bytes.equals(gzip)).toBe(true)
      expect(gunzipSync(gzip).equals(bytes)).toBe(true)
      expect(brotliDecompressSync(brotli).equals(bytes)).toBe(true)
    }
    // What is worth it: each feed and each page.
    expect([...files.keys()]).toEqual(
      expect.arrayContaining(['rss.xml.gz', 'index.html.gz', 'feeds.opml.gz']),
    )

    const types = ['/', '/rss.xml', '/feed.json'].map(async (path) => (await fetchFrom(socket, path)).headers)
    expect((await Promise.all(types)).map((headers) => headers['content-type'])).toEqual([
      'text/html',
      'text/xml',
      'application/json',
    ])
  })
})

/** Debian's nginx with Debian's types, on a socket of its own in a folder of its own. */
async function startNginx(root: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'nginx-'))
  const socket = join(folder, 'socket')
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off;
# One process, so it is ours, and may read what we may.
master_process off;
pid ${join(folder, 'pid')};
error_log stderr;
events {}
http {
  include /etc/nginx/mime.types;
  ${temporary.map((kind) => `${kind}_temp_path ${join(folder, kind)};`).join('\n  ')}
  access_log off;
  server {
    listen unix:${socket};
    root ${root};
    gzip_static on;
  }
}
`,
  )
  const nginx = spawn('nginx', ['-e', 'stderr', '-p', folder, '-c', join(folder, 'nginx.conf')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  nginx.stderr.on('data', (text) => {
    said += text
  })
  onTestFinished(async () => {
    nginx.kill()
    if (nginx.exitCode === null) await once(nginx, 'exit')
  })
  for (;;) {
    const answer = await fetchFrom(socket, '/').catch(() => null)
    if (answer !== null) return socket
    if (nginx.exitCode !== null) throw new Error(`nginx does not serve: ${said}`)
    await sleep(20)
  }
}

type Fetched = { status: number; headers: IncomingHttpHeaders; bytes: Buffer }

/** By hand, since fetch unpacks what it gets. */
async function fetchFrom(
  socketPath: string,
  path: string,
  headers: Record<string, string> = {},
): Promise<Fetched> {
  const [answer] = await once(request({ socketPath, path: encodeURI(path), headers }).end(), 'response')
  const chunks: Buffer[] = []
  for await (const chunk of answer) chunks.push(chunk)
  return { status: answer.statusCode, headers: answer.headers, bytes: Buffer.concat(chunks) }
}
