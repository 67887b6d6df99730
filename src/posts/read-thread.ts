/** The thread that `folder.ts` starts: it is given files, and answers with what `readFile` makes of each. */
import { parentPort, workerData } from 'node:worker_threads'
import type { Config } from '../config.ts'
import type { FoundPost } from './find.ts'
import { readFile } from './read.ts'

const config = workerData as Config

parentPort?.on('message', ({ first, files }: { first: number; files: FoundPost[] }) => {
  parentPort?.postMessage({ first, results: files.map((file) => readFile(file, config)) })
})
