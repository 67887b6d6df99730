/** Links: where they lead, and whether their words say so. */
import { isLoopback } from '../config-schema.ts'
import { type About, error, type Finding } from './finding.ts'
import type { Look } from './look.ts'
import type { Message } from './message.ts'
import { type Element, type Page, textOf } from './page.ts'
import { whereIs } from './where.ts'

/** Not t.co: it stands in every message that X gives away to be quoted, and no author chose it. */
const SHORTENERS = new Set(
  'bit.ly tinyurl.com goo.gl ow.ly is.gd buff.ly rebrand.ly cutt.ly shorturl.at t.ly rb.gy tiny.cc bl.ink lnkd.in'.split(
    ' ',
  ),
)
/** Words that tell nobody who hears a list of links where one of them leads. */
const EMPTY_WORDS = new Set(
  [
    ...['click here', 'here', 'this', 'link', 'this link', 'more', 'read more', 'learn more'],
    ...[
      'hier',
      'hier klicken',
      'klicken sie hier',
      'mehr',
      'weiterlesen',
      'ici',
      'cliquez ici',
      'lire la suite',
    ],
    ...[
      'aquí',
      'haga clic aquí',
      'haz clic aquí',
      'leer más',
      'هنا',
      'انقر هنا',
      'こちら',
      'ここ',
      'ここをクリック',
    ],
  ].map((words) => words.toLowerCase()),
)

export function checkLinks({ page, looks }: Message, about: About): Finding[] {
  const found: Finding[] = []
  for (const link of page.elements) {
    if (link.tag !== 'a' || link.attributes.href === undefined) continue
    const text = textOf(link)
    found.push(...address(link, text, about), ...words(link, text, about))
  }
  return [...found, ...browserLink(page, looks.light, about)]
}

/** True for addresses of this machine, such as those of a site that is not on the web yet. */
export function isLoopbackAddress(url: URL): boolean {
  return isLoopback(url.hostname)
}

function address(link: Element, text: string, about: About): Finding[] {
  const href = (link.attributes.href ?? '').trim()
  if (href.startsWith('#'))
    return [
      error(
        'link-address',
        whereIs(link, about),
        `it leads to "${href}", a place in the mail`,
        'Gmail and Outlook do not go there; link to the place on the post’s page',
      ),
    ]
  const url = URL.parse(href)
  if (!url)
    return [
      error(
        'link-address',
        whereIs(link, about),
        `"${href}" is no full address`,
        'nobody can follow it; write one that begins with https://',
      ),
    ]
  if (url.protocol === 'mailto:' || url.protocol === 'tel:' || isLoopbackAddress(url)) return []
  if (url.protocol === 'http:')
    return [
      error(
        'link-https',
        whereIs(link, about),
        `it leads to ${href}, which is not https`,
        'filters distrust it and browsers warn of it; write https:// where that site answers to it',
      ),
    ]
  if (url.protocol !== 'https:')
    return [
      error(
        'link-address',
        whereIs(link, about),
        `it leads to ${url.protocol}`,
        'mail programs drop such a link; write an https address',
      ),
    ]
  const found: Finding[] = []
  if (/^(\d{1,3}(\.\d{1,3}){3}|\[.*\])$/.test(url.hostname))
    found.push(
      error(
        'link-host',
        whereIs(link, about),
        `it leads to ${url.hostname}, a number`,
        'spam filters take that for a trap; write the name of the host',
      ),
    )
  if (SHORTENERS.has(url.hostname.replace(/^www\./, '')))
    found.push(
      error(
        'link-shortened',
        whereIs(link, about),
        `${url.hostname} hides where it leads`,
        'spam filters punish shortened links; write the address that it leads to',
      ),
    )
  const claimed = /^(?:https?:\/\/)?((?:[a-z0-9-]+\.)+[a-z]{2,})(?:[/:?#]\S*)?$/i.exec(text)?.[1]
  if (claimed && isHost(claimed, text) && domainOf(claimed) !== domainOf(url.hostname))
    found.push(
      error(
        'link-disguise',
        whereIs(link, about),
        `it says ${claimed} and leads to ${url.hostname}`,
        'mail programs warn of that as fraud; write words, or the host that it leads to',
      ),
    )
  return found
}

// `fs.readFile` and `package.json` look like hosts: only what is written as an address, or ends as hosts do, is one.
function isHost(name: string, text: string): boolean {
  return (
    /^(https?:\/\/|www\.)/i.test(text) ||
    /\.(com|org|net|edu|gov|info|biz|example|de|fr|es|uk|eu|ch|at|nl|it|jp|cn|in|au|ca|br|us)$/i.test(name)
  )
}

/** `example.org` of `www.example.org`, `example.co.uk` of `a.example.co.uk`: near enough to the public suffix list. */
function domainOf(host: string): string {
  const labels = host.toLowerCase().split('.')
  const isPair =
    labels.at(-1)?.length === 2 && /^(co|com|org|net|ac|gov|edu|or|ne|go)$/.test(labels.at(-2) ?? '')
  return labels.slice(isPair ? -3 : -2).join('.')
}

function words(link: Element, text: string, about: About): Finding[] {
  const label = (link.attributes['aria-label'] ?? '').trim()
  if (text === '' && label === '')
    return [
      error(
        'link-words',
        whereIs(link, about),
        'it says nothing',
        'who listens hears an address, letter by letter: write words, or those of the picture in it',
      ),
    ]
  const said = (label || text).toLowerCase().replace(/[\s.:!…→»›]+$/u, '')
  if (!EMPTY_WORDS.has(said)) return []
  return [
    {
      rule: 'link-words',
      severity: 'warning',
      where: whereIs(link, about),
      found: `"${text}" does not say where it leads`,
      cure: 'who listens to the links alone learns nothing: link the words that name what is there',
    },
  ]
}

function browserLink(page: Page, looks: Map<Element, Look>, about: About): Finding[] {
  if (about.kind !== 'issue') return []
  const there = page.elements.some(
    (element) =>
      element.tag === 'a' &&
      element.attributes.href?.startsWith(`${about.web}/issues/`) &&
      !looks.get(element)?.hidden,
  )
  return there
    ? []
    : [
        error(
          'browser-link',
          'the HTML part',
          'no link leads to the message in the browser',
          'who sees a broken mail has no other way: print {{ links.issue }} as the address of a link',
        ),
      ]
}
