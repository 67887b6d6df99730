/** The mails that Posthorn sends with its own templates, as they go on the wire, for programs that judge mail. */
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import PostalMime from 'postal-mime'
import type { About } from '../../src/check/finding.ts'
import type { Config } from '../../src/config.ts'
import { SAMPLE_READER, writeSample } from '../../src/deliveries/letter.ts'
import { renderConfirmation } from '../../src/mail/confirmation.ts'
import { renderDigest } from '../../src/mail/digest.ts'
import type { Rendition } from '../../src/mail/frame.ts'
import { renderIssue } from '../../src/mail/issue.ts'
import { withMjml } from '../../src/mail/mjml.ts'
import { renderWelcome } from '../../src/mail/welcome.ts'
import { post } from '../mail/press.ts'
import { makeConfig } from './config.ts'

const ARTICLES = join(import.meta.dirname, '..', 'articles', 'golden', 'articles')

/** One mail, named for people: `digest, ar`. */
export type Mail = { name: string; bytes: Buffer; html: string; text: string; about: About }

/** Everything that Markdown can be, in one post. */
const EVERYTHING = `Two kilos of *tomatoes*, and **what** to do with ~~all~~ half of them. \`const red = true\`[^1]

## In the kitchen

1. Wash them
2. Cut them
   - in halves
   - in quarters

- [x] bought
- [ ] cooked

| Kind | Kilos |
|:-----|------:|
| red  | 1.5   |
| green, which are not ripe and will not be | 0.5 |

### The code of it

\`\`\`js
// A comment, "a string" and a number
export function soup(tomatoes, litres = 2) {
\treturn tomatoes.map((each) => each.cut()).join(\`<\${litres}>\`)
}
\`\`\`

> A quotation of somebody who cooks.
>
> In two paragraphs.

![A bowl of soup](https://garden.example/soup.png "Soup")

Press <kbd>Enter</kbd> to cook.

<details><summary>More</summary><p>Salt.</p></details>

---

The end, and [where to buy them](https://market.example/tomatoes) 🍅. ${'There is always more to say about tomatoes. '.repeat(8)}

[^1]: A note on redness.
`

const ARABIC = `كيلوان من *الطماطم* وما يمكن عمله بها.

## في المطبخ

- أولا
- ثانيا

> اقتباس قصير عن الطماطم والطبخ.

\`\`\`js
const red = true
\`\`\`

${'هناك دائما المزيد مما يقال عن الطماطم والحساء. '.repeat(8)}
`

/** Each construct as `test/articles/golden/articles` has it, one post for each language that they are in. */
function constructs(language: string): string {
  const files = readdirSync(ARTICLES).filter(
    (file) => file.endsWith('.md') && (/\.([a-z]{2})\.md$/.exec(file)?.[1] ?? 'en') === language,
  )
  return files.map((file) => readFileSync(join(ARTICLES, file), 'utf8')).join('\n\n')
}

/** All four kinds in English and in Arabic, and posts of everything that there is. All share one MJML process. */
export async function defaultMails(changes: Partial<Config['newsletter']> = {}): Promise<Mail[]> {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-mails-'))
  return withMjml(async (mjml) => {
    const mails: Mail[] = []
    for (const language of ['en', 'ar']) {
      const config = makeConfig(folder, language, changes)
      const press = { ...config, language, mjml }
      const text = language === 'ar' ? ARABIC : EVERYTHING
      const title = language === 'ar' ? 'الطماطم' : 'Tomatoes & soup'
      const summary =
        language === 'ar' ? 'كيلوان من الطماطم وما يمكن عمله بها، وكلمة عن الطقس هذا الأسبوع.' : undefined
      const written = post(title, text, { language, ...(summary && { summary }) })
      const image = 'https://garden.example/tomatoes.jpg'
      const posts = [
        written,
        ...[1, 2, 3].map((number) => ({ ...written, title: `${title} ${number}`, image })),
      ]
      const add = async (name: string, kind: About['kind'], rendition: Rendition) =>
        mails.push(await asMail(`${name}, ${language}`, kind, rendition, { ...config, language }))
      await add('issue', 'issue', await renderIssue(written, press))
      await add(
        'everything',
        'issue',
        await renderIssue(post(title, constructs(language), { language }), press),
      )
      await add('issue with a picture', 'issue', await renderIssue({ ...written, image }, press))
      await add('digest', 'issue', await renderDigest(posts, press))
      // Who reads from the right gets posts that are written from the left, and the other way round.
      const foreign = {
        ...post('Foreign', 'There is much to say.\n\n'.repeat(2000)),
        language: language === 'ar' ? 'en' : 'ar',
      }
      await add('issue in another language', 'issue', await renderIssue(foreign, press))
      await add('digest in another language', 'issue', await renderDigest([foreign, written], press))
      const full = { ...config.newsletter.digests, show: 'full' as const }
      const long = {
        ...foreign,
        source: Buffer.from(`${'There is much to say. '.repeat(100)}\n\n`.repeat(50)),
      }
      const whole = { ...press, newsletter: { ...config.newsletter, digests: full } }
      await add('digest of whole posts', 'issue', await renderDigest([...posts, long], whole))
      await add('confirmation', 'confirmation', await renderConfirmation(press))
      await add('welcome', 'welcome', await renderWelcome(press, posts))
    }
    return mails
  })
}

/** Mails of more than a mail can hold: a post and a digest that were cut. */
export async function longMails(): Promise<Mail[]> {
  const config = makeConfig(mkdtempSync(join(tmpdir(), 'posthorn-mails-')), 'en', {
    unsubscribe: 'leave@garden.example',
  })
  const site = { ...config, language: 'en' }
  return withMjml(async (mjml) => {
    const press = { ...site, mjml }
    const long = post('Tomatoes', `${EVERYTHING}\n\n`.repeat(60))
    const many = Array.from({ length: 300 }, (_, number) =>
      post(`Tomatoes ${number}`, '', { summary: 'There is more to say about tomatoes. '.repeat(20) }),
    )
    return [
      await asMail('issue', 'issue', await renderIssue(long, press), site),
      await asMail('digest', 'issue', await renderDigest(many, press), site),
    ]
  })
}

/** A post as the mail of one reader. */
export async function mailOf(markdown: string): Promise<Mail> {
  const config = makeConfig(mkdtempSync(join(tmpdir(), 'posthorn-mails-')), 'en', {})
  const site = { ...config, language: 'en' }
  const rendition = await withMjml((mjml) => renderIssue(post('Tomatoes', markdown), { ...site, mjml }))
  return asMail('issue', 'issue', rendition, site)
}

async function asMail(
  name: string,
  kind: About['kind'],
  rendition: Rendition,
  { language, ...config }: Config & { language: string },
): Promise<Mail> {
  const now = new Date('2026-11-02T09:00:00Z')
  const bytes = writeSample({ ...rendition, kind, language }, config, now)
  const { html = '', text = '' } = await PostalMime.parse(bytes)
  const about: About = {
    ...{ kind, now, postalAddress: config.newsletter.postalAddress, posts: [] },
    ...{ web: config.web.url, address: SAMPLE_READER.address },
  }
  return { name, bytes, html, text, about }
}
