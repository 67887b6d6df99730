/** The web server of a test site on a free port, and somebody who visits it. */
import { Agent, type IncomingHttpHeaders, request } from 'node:http'
import { onTestFinished } from 'vitest'
import type { Web } from '../../src/web/page.ts'
import { listen } from '../../src/web/server.ts'
import type { TestSite } from '../site.ts'

export type Answer = { status: number; headers: IncomingHttpHeaders; text: string; bytes: Buffer }
type Request = {
  method?: string
  headers?: Record<string, string>
  body?: string | Buffer
  /** On a connection that stays for the next. */
  stay?: boolean
}

export type Browser = {
  port: number
  /** Sends the path as it stands, which fetch would tidy first. */
  visit(path: string, request?: Request): Promise<Answer>
  /** Sends a form as a browser does. */
  submit(path: string, fields: Record<string, string>, headers?: Record<string, string>): Promise<Answer>
}

export async function openBrowser(site: TestSite, more: Partial<Web> = {}): Promise<Browser> {
  const { port, close } = await listen({ ...site, stepMs: 0, ...more })
  onTestFinished(close)
  const staying = new Agent({ keepAlive: true })
  onTestFinished(() => staying.destroy())
  const visit: Browser['visit'] = (path, { method = 'GET', headers = {}, body, stay = false } = {}) =>
    new Promise((resolve, reject) => {
      const sent = request(
        { port, host: '127.0.0.1', path, method, headers, agent: stay ? staying : false },
        (response) => {
          const chunks: Buffer[] = []
          response.on('data', (chunk) => chunks.push(chunk))
          response.on('error', reject)
          response.on('end', () => {
            const { statusCode: status = 0, headers } = response
            const bytes = Buffer.concat(chunks)
            resolve({ status, headers, text: bytes.toString(), bytes })
          })
        },
      )
      sent.on('error', reject)
      sent.end(body)
    })
  return {
    port,
    visit,
    submit: (path, fields, headers = {}) =>
      visit(path, {
        method: 'POST',
        headers: { 'Content-Type': 'application/x-www-form-urlencoded', ...headers },
        body: new URLSearchParams(fields).toString(),
      }),
  }
}

/** What a page says, without its tags and its frame. */
export function words(answer: Answer): string {
  const main = /<main>([\s\S]*)<\/main>/.exec(answer.text)?.[1] ?? answer.text
  return main
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
}

/** The path of the first link to a page of ours in the text of a message. */
export function linkIn(
  text: string | undefined,
  page: 'confirm' | 'unsubscribe' | 'preferences' | 'issues' | 'move',
): string {
  const found = new RegExp(`https://mail\\.blog\\.example(/${page}\\S*)`).exec(text ?? '')?.[1]
  if (found === undefined) throw new Error(`no link to ${page} in:\n${text}`)
  return found
}
