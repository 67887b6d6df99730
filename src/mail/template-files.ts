/** Where templates come from: the site's folder `templates`, and Posthorn's own for those that it does not have. */
import { readdir, readFile, realpath } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { errorCode, UserError } from '../errors.ts'
import { cannotRead } from '../file.ts'
import { packageFolder } from '../package.ts'
import { withoutMarks } from '../slots.ts'

/** A template read from one of the template folders; `label` is its path as the author would type it. */
export type Template = { label: string; source: string }

/**
 * All templates by name. They are read at once and handed to Liquid in memory, so that none can name a file outside
 * these folders.
 *
 * @throws UserError for a file that cannot be read, or that is a link to elsewhere
 */
export async function readTemplates(siteFolder: string): Promise<Map<string, Template>> {
  const templates = new Map<string, Template>()
  for (const folder of [join(packageFolder(), 'templates'), join(siteFolder, 'templates')]) {
    const read = async (name: string) => {
      const path = join(folder, name)
      const fromSite = relative(siteFolder, path)
      const label = fromSite.startsWith('..') ? path : fromSite.replaceAll(sep, '/')
      const source = withoutMarks((await readWithin(folder, path, label)).replace(/^\uFEFF/, ''))
      return [name, { label, source: source.replaceAll('\r\n', '\n') }] as const
    }
    for (const [name, template] of await Promise.all((await mjmlFiles(folder)).map(read)))
      templates.set(name, template)
  }
  return templates
}

/** What a person calls a template. */
export function labelOf(name: string, templates: Map<string, Template>): string {
  return templates.get(name)?.label ?? `templates/${name}`
}

async function readWithin(folder: string, path: string, label: string): Promise<string> {
  try {
    if ((await realpath(path)).startsWith((await realpath(folder)) + sep)) return await readFile(path, 'utf8')
  } catch (error) {
    throw cannotRead(label, error, 'look at its permissions, and whether it is a file')
  }
  throw new UserError(`${label}: this link leads out of the templates folder`, {
    hint: 'put a copy of the file there',
  })
}

async function mjmlFiles(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => name.endsWith('.mjml')).sort()
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return []
    throw error
  }
}
