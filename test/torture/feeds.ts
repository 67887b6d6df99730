/**
 * `node test/torture/feeds.ts --seed N --posts N`: ten thousand random posts through the three feeds, each document
 * judged by a strict parser and, where it is installed, by xmllint. Prints what broke in its smallest form, and exits 1.
 */
import { spawnSync } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import fc from 'fast-check'
import { anyPost, publishAny } from '../feeds/any-post.ts'
import { site } from '../feeds/example.ts'

const { values } = parseArgs({
  options: { seed: { type: 'string' }, posts: { type: 'string', default: '10000' } },
})
const seed = Number(values.seed ?? Math.floor(Math.random() * 1_000_000))
const posts = Number(values.posts)
const EACH = 20
const hasXmllint = spawnSync('xmllint', ['--version']).status === 0
const judges = hasXmllint ? 'saxes and xmllint' : 'saxes alone: xmllint is not installed'
console.log(`seed ${seed}: ${posts} posts, ${EACH} to a feed, before ${judges}`)

const config = await site({ feeds: { entries: EACH } })
let documents = 0
const { failed, counterexample, errorInstance } = fc.check(
  fc.property(fc.array(anyPost, { minLength: 1, maxLength: EACH, size: 'max' }), (some) => {
    for (const document of publishAny(some, config)) {
      documents++
      if (hasXmllint) lint(document)
    }
  }),
  // Half of an array's greatest length is what it has on average.
  { seed, numRuns: Math.ceil((2 * posts) / EACH) },
)
await rm(config.folder, { recursive: true })
console.log(`${documents} documents`)
if (failed) {
  console.log(`BROKEN: ${errorInstance instanceof Error ? errorInstance.message : errorInstance}`)
  console.log(JSON.stringify(counterexample))
} else console.log('all of them whole, the same, and harmless')
process.exitCode = failed ? 1 : 0

function lint(document: string): void {
  const { status, stderr } = spawnSync('xmllint', ['--noout', '--huge', '-'], {
    input: document,
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`xmllint: ${stderr}`)
}
