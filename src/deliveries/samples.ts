/** Every kind of mail that a site sends, rendered and looked at. Nothing is enqueued. */
import type { Finding } from '../check/finding.ts'
import type { Config } from '../config.ts'
import { describeFault, type Fault, FaultsError } from '../errors.ts'
import { renderConfirmation } from '../mail/confirmation.ts'
import type { Rendition } from '../mail/frame.ts'
import { withMjml } from '../mail/mjml.ts'
import { renderWelcome } from '../mail/welcome.ts'
import type { KnownPost } from '../posts/identity.ts'
import { newestFirst } from '../posts/post.ts'
import { type Inspected, inspectRenditions } from './inspect.ts'
import { printDigest, printPosts } from './print.ts'

/** One mail that was looked at; `post` is null for those that are no post's own. */
export type Sample = {
  kind: 'single' | 'digest' | 'confirmation' | 'welcome'
  post: KnownPost | null
  findings: Finding[]
}

/** As many posts as show what a digest does with several. */
export const IN_DIGEST = 5

/** What was looked at, and the faults of templates that left nothing to look at. */
export type Samples = { samples: Sample[]; faults: Fault[] }

/**
 * A mail for each post, in the site's language, and where `others` says so a digest, a confirmation and a welcome.
 *
 * @param onSample told of each as it is done
 * @throws UserError where MJML fails
 */
export async function inspectSamples(
  wanted: { posts: KnownPost[]; others: boolean },
  config: Config,
  now: Date,
  onSample: () => void,
): Promise<Samples> {
  const language = config.site.language
  const samples: Sample[] = []
  const faults = new Map<string, Fault>()
  return withMjml(async (mjml) => {
    const press = { ...config, language, mjml }
    const look = async (
      kind: Sample['kind'],
      posts: KnownPost[],
      render: (posts: KnownPost[]) => Promise<Rendition>,
    ) => {
      try {
        const rendition = await render(posts)
        const of: Inspected['kind'] = kind === 'single' || kind === 'digest' ? 'issue' : kind
        const findings = await inspectRenditions([{ kind: of, language, rendition }], posts, config, now)
        samples.push({ kind, post: kind === 'single' ? (posts[0] ?? null) : null, findings })
      } catch (error) {
        if (!(error instanceof FaultsError)) throw error
        // A fault of a template is that of all its mails, and the other templates are looked at all the same.
        for (const fault of error.faults) faults.set(describeFault(fault), fault)
      }
      onSample()
    }
    for (const post of wanted.posts) await look('single', [post], (posts) => printPosts(posts, press))
    if (wanted.others) {
      const newest = (newestFirst(wanted.posts) as KnownPost[]).slice(0, IN_DIGEST)
      if (newest.length > 0) await look('digest', newest, (posts) => printDigest(posts, press))
      await look('confirmation', [], () => renderConfirmation(press))
      if (config.newsletter.welcome) await look('welcome', newest, (posts) => renderWelcome(press, posts))
    }
    return { samples, faults: [...faults.values()] }
  })
}
