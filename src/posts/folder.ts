/**
 * The whole posts folder. What is the same as before is not read again; what has changed is read here, and where that is
 * much, by a thread on each core beside this one, since parsing Markdown is most of what a large site waits for.
 */
import { availableParallelism } from 'node:os'
import { extname } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { Config } from '../config.ts'
import type { Fault } from '../errors.ts'
import { findClashes } from './clash.ts'
import { type FoundPost, findPosts } from './find.ts'
import type { ReadPost } from './post.ts'
import { byPlace, placeOfKey, readFile } from './read.ts'

/** How many files are read before other work gets its turn, and how many a thread is given at once. */
const BATCH = 16
/** With fewer files a thread would take longer to start than to read its share. */
const MANY = 500
/** More threads than this take more memory than they save time. */
const MOST_THREADS = 3

type Result = ReadPost | Fault[]
type Batch = { first: number; files: FoundPost[] }
type Answer = { first: number; results: Result[] }

/**
 * Reads the posts folder: drafts and posts of the future too, in the order of their files.
 *
 * @param known posts of an earlier run by file. One whose file has the same time and size is given back as it is.
 */
export async function readPosts(
  config: Config,
  known: Map<string, ReadPost> = new Map(),
): Promise<{ posts: ReadPost[]; faults: Fault[] }> {
  const { found, faults } = await findPosts(config)
  const changed = found.filter((one) => !isSame(one, known.get(one.file)))
  const results = new Map(
    (await readFiles(changed, config)).map((result, at) => [(changed[at] as FoundPost).file, result]),
  )
  const read: ReadPost[] = []
  for (const { file } of found) {
    const result = results.get(file) ?? (known.get(file) as ReadPost)
    if (Array.isArray(result)) faults.push(...result)
    else read.push(result)
  }
  const clashes = findClashes(read, (post, key) => placeOfKey(post, key, config))
  const posts = clashes.size === 0 ? read : read.filter((post) => !clashes.has(post.file))
  faults.push(...Array.from(clashes.values()).flat())
  return { posts, faults: faults.sort(byPlace) }
}

function isSame(found: FoundPost, known: ReadPost | undefined): boolean {
  return known?.modified.getTime() === found.modified.getTime() && known.size === found.size
}

/** The posts of these files, or what is wrong with each, in their order. */
async function readFiles(found: FoundPost[], config: Config): Promise<Result[]> {
  const results: Result[] = []
  const batches = inBatches(found)
  const wanted = found.length < MANY ? 0 : Math.min(MOST_THREADS, availableParallelism())
  const threads = Array.from({ length: wanted }, () => readInThread(batches, config, results))
  await (wanted > 0 ? Promise.all(threads) : readHere(batches, config, results))
  return results
}

async function readHere(batches: Iterable<Batch>, config: Config, results: Result[]): Promise<void> {
  for (const { first, files } of batches) {
    for (const [at, file] of files.entries()) results[first + at] = readFile(file, config)
    await setImmediate()
  }
}

function* inBatches(found: FoundPost[]): Generator<Batch> {
  for (let first = 0; first < found.length; first += BATCH)
    yield { first, files: found.slice(first, first + BATCH) }
}

/** Gives a thread one batch after another, until there is none. Whoever comes next takes the next. */
function readInThread(batches: Iterator<Batch>, config: Config, results: Result[]): Promise<void> {
  // Beside this file: read-thread.ts in a checkout, read-thread.js in the bundled package.
  const script = new URL(`./read-thread${extname(import.meta.url)}`, import.meta.url)
  return new Promise((resolve, reject) => {
    const thread = new Worker(script, {
      workerData: config,
      resourceLimits: { maxYoungGenerationSizeMb: 6, maxOldGenerationSizeMb: 256 },
    })
    const give = () => {
      const { value, done } = batches.next()
      if (done) thread.terminate().then(() => resolve(), reject)
      else thread.postMessage(value)
    }
    thread.on('message', ({ first, results: read }: Answer) => {
      for (const [at, result] of read.entries()) results[first + at] = result
      give()
    })
    thread.once('error', reject)
    give()
  })
}
