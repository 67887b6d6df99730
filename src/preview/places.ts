/** Where saves are looked for. */
import { basename, dirname, join, resolve } from 'node:path'
import type { Config, TransportConfig } from '../config.ts'
import type { Place } from './watch.ts'

/** Whatever a preview is made from. What a worker beside it writes is left out: it writes each minute. */
export function placesOf({ file, folder, posts, newsletter, ...config }: Config): Place[] {
  const written = [config.feeds.folder, dirname(config.journal.file), ...config.transports.flatMap(foldersOf)]
  const logo = newsletter.logo && !URL.canParse(newsletter.logo) ? resolve(folder, newsletter.logo) : null
  return [
    { folder: posts.folder, without: written },
    { folder: join(folder, 'templates'), without: [] },
    // The folder itself, since these two may be new in it.
    { folder, names: [basename(file), 'templates', basename(posts.folder)] },
    ...(logo ? [{ folder: dirname(logo), names: [basename(logo)] }] : []),
  ]
}

function foldersOf(transport: TransportConfig): string[] {
  return transport.kind === 'maildir' ? [transport.folder] : []
}
