import { type Finding, hasErrors } from '../check/finding.ts'
import { checkSite } from '../check/unsubscribe.ts'
import { inspectSamples, type Sample } from '../deliveries/samples.ts'
import { describeFault, type Fault } from '../errors.ts'
import { channelsOf } from '../feeds/channel.ts'
import { wantedFeeds } from '../feeds/wanted.ts'
import { isMailable } from '../issues/plan.ts'
import { shownFile } from '../posts/find.ts'
import { emptyMemory, lookAtPosts } from '../round.ts'
import type { Site } from '../site.ts'
import { count } from '../terminal.ts'
import { findPost } from './find-post.ts'
import { type Context, EXIT } from './main.ts'

/** Faults of posts, and what mail programs would spoil of the mails that they make. Nothing is sent. */
export async function check(context: Context, names: string[], options: { json?: boolean }): Promise<number> {
  return context.withSite(async (site) => {
    const { terminal, surroundings } = context
    const seen = await lookAtPosts(site, emptyMemory())
    const now = site.now()
    const feeds = await wantedFeeds(channelsOf(seen.posts, site.config, now), site.config, now)
    const faults = [...seen.faults, ...feeds.faults]
    const all = names.length === 0
    // Who names a draft wants to know before it is published.
    const posts = all
      ? seen.posts.filter((post) => isMailable(post, now))
      : [...new Set(names.map((name) => findPost(seen.posts, name, site, surroundings.folder)))]
    // A handful is done before anybody wonders.
    const progress = posts.length > 10 ? terminal.progress('mails', posts.length + (all ? 3 : 0)) : null
    let done = 0
    const { samples, faults: ofTemplates } = await inspectSamples(
      { posts, others: all },
      site.config,
      now,
      () => progress?.to(++done),
    )
    faults.push(...ofTemplates)
    progress?.end()
    const report = { faults, samples, config: checkSite(site.config.newsletter.postalAddress) }
    if (options.json) terminal.json(asJson(report, site))
    else for (const line of lines(report, site)) terminal.out(line)
    return faults.length > 0 || samples.some(({ findings }) => hasErrors(findings)) ? EXIT.failed : EXIT.done
  })
}

type Report = {
  faults: Fault[]
  samples: Sample[]
  /** What is of no one mail. */
  config: Finding[]
}

/** Two lines for one finding: what and where, and below it what to do. */
export function findingLines({ severity, rule, where, found, cure }: Finding): string[] {
  return [`  ${severity} ${rule}: ${where === '' ? '' : `${where}: `}${found}`, `    ${cure}`]
}

function lines({ faults, samples, config }: Report, site: Site): string[] {
  const said = [...faults.map(describeFault), ...config.flatMap(findingLines)]
  // What the template does, it does in every mail.
  const times = new Map<string, { finding: Finding; count: number }>()
  for (const finding of samples.flatMap(({ findings }) => findings)) {
    const key = JSON.stringify(finding)
    times.set(key, { finding, count: (times.get(key)?.count ?? 0) + 1 })
  }
  const shared = [...times.values()].filter(({ count }) => count > 1)
  for (const { finding, count: mails } of shared)
    said.push(`in ${mails} of ${count(samples.length, 'mail')}:`, ...findingLines(finding))
  for (const sample of samples) {
    const own = sample.findings.filter((finding) => times.get(JSON.stringify(finding))?.count === 1)
    if (own.length === 0) continue
    said.push(`${nameOf(sample, site)}:`)
    const file = sample.post ? shownFile(site.config, sample.post.file) : null
    // The file stands above them already.
    const below = (where: string) => {
      if (file === null) return where
      return where === file ? '' : where.replace(`${file}, `, '').replace(`${file}:`, 'line ')
    }
    for (const finding of own) said.push(...findingLines({ ...finding, where: below(finding.where) }))
  }
  const distinct = [...config, ...[...times.values()].map(({ finding }) => finding)]
  const errors = distinct.filter(({ severity }) => severity === 'error').length
  const parts = [
    `${count(samples.length, 'mail')} checked`,
    ...(faults.length > 0 ? [count(faults.length, 'fault')] : []),
    count(errors, 'error'),
    count(distinct.length - errors, 'warning'),
  ]
  return [...said, parts.join(', ')]
}

function nameOf({ kind, post }: Sample, site: Site): string {
  return post ? `${post.title} (${shownFile(site.config, post.file)})` : `the ${kind}`
}

function asJson({ faults, samples, config }: Report, site: Site) {
  return {
    faults: faults.map(({ file, line, message }) => ({ file, line: line ?? null, message })),
    findings: config,
    mails: samples.map(({ kind, post, findings }) => ({
      kind,
      post: post?.slug ?? null,
      file: post ? shownFile(site.config, post.file) : null,
      findings,
    })),
  }
}
