#!/usr/bin/env node
import module from 'node:module'

// Nothing of ours is imported before the version is known: an older Node fails on the first file, with a stack trace.
const [major = 0] = process.versions.node.split('.').map(Number)
if (major < 24) {
  process.stderr.write(
    `posthorn: Node ${process.versions.node} is too old, Posthorn needs 24 or newer\n` +
      'try: in a checkout `npm run -s posthorn -- COMMAND`, which brings its own; elsewhere install Node 24\n',
  )
  process.exit(1)
}
// What was compiled once is kept in the system's temporary folder: a second start takes a third less time.
module.enableCompileCache?.()

// The first signal ends a long run in order; a second one is the system's own, and ends it at once.
const stopped = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopped.abort())

// `posthorn status | head -1`: the reader of a pipe may leave early, and what we do is done all the same.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })

const { main } = await import('./commands/main.ts')
process.exitCode = await main(process.argv.slice(2), {
  streams: { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr },
  env: process.env,
  folder: process.cwd(),
  now: () => new Date(),
  signal: stopped.signal,
})
