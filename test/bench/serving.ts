/** Two web servers on one core each in turn, asked by wrk on another: Posthorn, and nginx over the same folder. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { gunzipSync } from 'node:zlib'

const SERVER_CORE = '0'
const CLIENT_CORE = '1'
const CONNECTIONS = '32'
const SECONDS = 2
const PATIENCE_MS = 15_000

export type Server = { name: string; port: number; stop(): Promise<void> }

/** What is asked of a server, again and again. */
export type Asked = { url: string; headers: Record<string, string>; status: number; length: number }

type Answer = { status: number; headers: NodeJS.Dict<string | string[]>; body: Buffer }

/** Starts a server on its core, and waits until it listens. */
export async function serve(name: string, command: string[], port: number): Promise<Server> {
  const child = spawn('taskset', ['-c', SERVER_CORE, ...command], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', (text) => {
    said = (said + text).slice(-2_000)
  })
  const gone = once(child, 'exit')
  const ends = performance.now() + PATIENCE_MS
  while (!(await listens(port))) {
    if (child.exitCode !== null || performance.now() > ends) {
      child.kill()
      throw new Error(`${name} does not serve: ${said.trim() || 'it says nothing'}`)
    }
    await sleep(50)
  }
  return { name, port, stop: () => stop(child, gone) }
}

async function stop(child: ChildProcess, gone: Promise<unknown>): Promise<void> {
  child.kill('SIGTERM')
  await gone
}

const listens = (port: number) =>
  ask(`http://127.0.0.1:${port}/`, {}).then(
    () => true,
    () => false,
  )

/** Writes nginx's configuration, at its best for a folder of files, and gives the command that starts it. */
export function nginxFor(root: string, port: number, folder: string): string[] {
  mkdirSync(folder, { recursive: true })
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  // Started by root, its worker would else be somebody who may not read the folder.
  const { uid, username } = userInfo()
  const config = `${uid === 0 ? `user ${username};` : ''}
worker_processes 1;
daemon off;
pid ${join(folder, 'nginx.pid')};
error_log stderr;
events { worker_connections 1024; }
http {
  ${temporary.map((kind) => `${kind}_temp_path ${join(folder, kind)};`).join('\n  ')}
  types { text/html html; application/rss+xml xml; application/feed+json json; }
  access_log off;
  sendfile on;
  tcp_nopush on;
  # The default, 1000, would have it open a connection every so often.
  keepalive_requests 1000000000;
  open_file_cache max=1000 inactive=1h;
  open_file_cache_valid 1h;
  gzip_static on;
  gzip_vary on;
  server { listen 127.0.0.1:${port}; root ${root}; }
}
`
  const file = join(folder, 'nginx.conf')
  writeFileSync(file, config)
  return ['nginx', '-e', 'stderr', '-p', folder, '-c', file]
}

/**
 * The question of a reader who has the newest, looked at once.
 *
 * @throws Error that says what is answered instead of 304
 */
export async function askUnchanged(server: Server, path: string): Promise<Asked> {
  const url = `http://127.0.0.1:${server.port}${path}`
  const { headers: had } = await ask(url, { 'Accept-Encoding': 'gzip' })
  const headers = {
    'Accept-Encoding': 'gzip',
    'If-None-Match': String(had.etag),
    'If-Modified-Since': String(had['last-modified']),
  }
  const { status, body } = await ask(url, headers)
  if (status !== 304 || body.length > 0)
    throw new Error(
      `${server.name} answers ${status} and ${body.length} bytes to whoever has the newest, not 304`,
    )
  return { url, headers, status, length: 0 }
}

/**
 * The question of a reader who has an older one, looked at once. It states a version, as readers do: a server may well
 * slow down those who never state any.
 *
 * @param bytes what the file is, unpacked
 * @throws Error that says what is answered instead of 200 with gzip
 */
export async function askPacked(server: Server, path: string, bytes: Buffer): Promise<Asked> {
  const url = `http://127.0.0.1:${server.port}${path}`
  const headers = { 'Accept-Encoding': 'gzip', 'If-None-Match': '"an-older-one"' }
  const { status, headers: had, body } = await ask(url, headers)
  const coding = had['content-encoding'] ?? 'no encoding'
  if (status !== 200 || coding !== 'gzip')
    throw new Error(`${server.name} answers ${status} with ${coding}, not 200 with gzip`)
  if (!gunzipSync(body).equals(bytes))
    throw new Error(`${server.name} answers with other bytes than the file has`)
  return { url, headers, status, length: body.length }
}

function ask(url: string, headers: Record<string, string>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    get(url, { headers, agent: false }, async (response) => {
      const chunks = await response.toArray().catch(reject)
      if (chunks)
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks),
        })
    }).on('error', reject)
  })
}

/**
 * Asks it for two seconds.
 *
 * @returns answers a second
 * @throws Error where some of the answers are not the one that is expected
 */
export async function pace({ url, headers, status, length }: Asked): Promise<number> {
  const given = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`])
  const args = ['-c', CLIENT_CORE, 'wrk', '-t', '1', '-c', CONNECTIONS, '-d', `${SECONDS}s`, ...given, url]
  const { stdout } = await promisify(execFile)('taskset', args)
  const [, requests, read, unit] = /(\d+) requests in [^,]+, ([\d.]+)([KMGT]?B) read/.exec(stdout) ?? []
  const rate = /^Requests\/sec:\s+([\d.]+)/m.exec(stdout)?.[1]
  const failures = /^\s*(Socket errors|Non-2xx).*$/m.exec(stdout)?.[0].trim()
  if (!requests || !rate || failures) throw new Error(`wrk at ${url}: ${failures ?? stdout}`)
  // wrk tells 200 and 304 apart no further than by their length.
  const each =
    (Number(read) * 1024 ** ['B', 'KB', 'MB', 'GB', 'TB'].indexOf(unit as string)) / Number(requests)
  const isSo = status === 304 ? each < 2_000 : each > length * 0.98
  if (!isSo) throw new Error(`wrk at ${url}: answers of ${each.toFixed(0)} bytes are not all ${status}`)
  return Number(rate)
}
