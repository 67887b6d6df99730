import { mkdir, mkdtemp, realpath, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type Config, loadConfig } from '../../src/config.ts'

export type Site = {
  folder: string
  config: Config
  write: (file: string, content: string | Uint8Array) => Promise<string>
}

/** A site in a new temporary folder; `write` puts a file below it and returns its path. */
export async function makeSite(
  files: Record<string, string> = {},
  timeZone = 'Europe/Berlin',
): Promise<Site> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'posthorn-posts-')))
  const write: Site['write'] = async (file, content) => {
    const path = join(folder, file)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, content)
    return path
  }
  const settings = {
    site: { title: 'Notes', url: 'https://blog.example', timeZone, author: { name: 'Ada' } },
    newsletter: { from: { name: 'Ada', email: 'ada@example.org' } },
  }
  await write('config.json', JSON.stringify(settings))
  await mkdir(join(folder, 'posts'))
  for (const [file, content] of Object.entries(files)) await write(`posts/${file}`, content)
  return { folder, config: loadConfig(folder, {}), write }
}
