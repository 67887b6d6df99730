/**
 * What was there and is not any more: posts that were taken back, tags that nobody uses now. Posthorn keeps a list of
 * the files it has removed, so that a reader or a search engine hears "gone", and stops asking, instead of "not found".
 */
import { readFileSync } from 'node:fs'
import type { Config } from '../config.ts'
import { fileStamp } from '../file.ts'
import { goneFile } from '../public/owned.ts'

/** Whether a path below the folder that is served was removed. The list is read again once it is another. */
export function openGone(config: Config): (path: string) => boolean {
  const file = goneFile(config)
  let known = { stamp: '', paths: new Set<string>() }
  return (path) => {
    const stamp = fileStamp(file)
    if (stamp === null) return false
    if (stamp !== known.stamp) known = { stamp, paths: linesOf(readFileSync(file, 'utf8')) }
    const bare = path.replace(/\/$/, '')
    return known.paths.has(bare) || known.paths.has(bare === '' ? 'index.html' : `${bare}/index.html`)
  }
}

function linesOf(list: string): Set<string> {
  const [, ...lines] = list.trimEnd().split('\n')
  return new Set(lines)
}
