/**
 * From a template of the author's to HTML: Liquid fills it in, MJML lays it out.
 *
 * MJML cannot be trusted with free text: a title in `<mj-title>` lands unescaped in an attribute, and text that looks
 * like `</mj-text>` breaks out of its place. So Liquid prints a mark in place of every value that is more than a plain
 * word, and the escaped value is put where its mark stands once MJML is done. No word of a post passes through MJML.
 */
import { readdir, readFile, realpath } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { Liquid, LiquidError } from 'liquidjs'
import { errorCode, type Fault, FaultsError, UserError } from '../errors.ts'
import { cannotRead } from '../file.ts'
import { escapeHtml } from '../markup.ts'
import { packageFolder } from '../package.ts'
import type { Mjml } from './mjml.ts'

/** HTML that is safe already and is printed as it stands, such as an article. */
export class Markup {
  readonly html: string

  constructor(html: string) {
    this.html = html
  }
}

/** A template read from one of the template folders; `label` is its path as the author would type it. */
type Template = { label: string; source: string }

const VALUE_OPEN = '\uE002'
const VALUE_CLOSE = '\uE003'
const LINE_OPEN = '\uE004'
const LINE_CLOSE = '\uE005'
const MARKS = /[\uE000-\uE005]/g
const VALUE = /\uE002(\d+)\uE003/g
// A colour, a width, a language: what MJML has to see to check it, and what can mean nothing else anywhere.
const PLAIN = /^(|#[0-9a-fA-F]{3,8}|\d+(px|%)?|[a-z]+(-[A-Za-z0-9]+)*)$/

/**
 * Renders a template of the site's `templates/` folder, or of Posthorn's own where the site has none of that name.
 * Values are escaped where they are printed; slots in them stay slots.
 *
 * @param name the file's name, such as `issue.mjml`
 * @param mustPrint names and values without which the result would be useless, such as the article
 * @throws FaultsError with every fault found, by file and line
 */
export async function renderTemplate(
  name: string,
  variables: Record<string, unknown>,
  site: { folder: string; mjml: Mjml; mustPrint?: Record<string, string | Markup> },
): Promise<string> {
  const templates = await readTemplates(site.folder)
  const values: (string | Markup)[] = []
  const filled = await fillIn(name, templates, variables, (value) => {
    const text = value instanceof Markup ? value : String(value ?? '')
    if (typeof text === 'string' && PLAIN.test(text)) return text
    return `${VALUE_OPEN}${values.push(text) - 1}${VALUE_CLOSE}`
  })
  const { source, placeOf } = takeLineMarks(filled, templates)

  const faults = structureFaults(source, placeOf)
  if (faults.length > 0) throw new FaultsError(faults)
  const laidOut = await site.mjml(source)
  if ('faults' in laidOut)
    throw new FaultsError(
      withoutRepeats(laidOut.faults.map(({ line, message }) => ({ ...placeOf(line ?? 1), message }))),
    )

  const printed = new Set<string | Markup>()
  const html = withoutIndent(laidOut.html).replace(VALUE, (_, index: string) => {
    const value = values[Number(index)] ?? ''
    printed.add(value)
    return value instanceof Markup ? value.html : escapeHtml(value)
  })
  const missing = Object.entries(site.mustPrint ?? {}).filter(([, value]) => !printed.has(value))
  if (missing.length > 0)
    throw new FaultsError(
      missing.map(([variable]) => ({
        file: labelOf(name, templates),
        message: `nothing shows {{ ${variable} }}; put it inside an <mj-text> or <mj-button>`,
      })),
    )
  return html
}

// A quarter of what MJML writes is the space it indents with. Values are not in it yet, so none loses a space.
function withoutIndent(html: string): string {
  return html.includes('<pre') ? html : html.replace(/^[ \t]+|[ \t]+$/gm, '').replace(/\n{2,}/g, '\n')
}

/** Text without the characters that marks and slots are made of: no title may pretend to be a slot. */
export function withoutMarks(text: string): string {
  return text.replace(MARKS, '')
}

// All are read at once and handed to Liquid in memory, so that no template can name a file outside these folders.
async function readTemplates(siteFolder: string): Promise<Map<string, Template>> {
  const templates = new Map<string, Template>()
  for (const folder of [join(packageFolder(), 'templates'), join(siteFolder, 'templates')])
    for (const name of await mjmlFiles(folder)) {
      const path = join(folder, name)
      const fromSite = relative(siteFolder, path)
      const label = fromSite.startsWith('..') ? path : fromSite.replaceAll(sep, '/')
      const source = withoutMarks((await readWithin(folder, path, label)).replace(/^\uFEFF/, ''))
      templates.set(name, { label, source: source.replaceAll('\r\n', '\n') })
    }
  return templates
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

async function fillIn(
  name: string,
  templates: Map<string, Template>,
  variables: Record<string, unknown>,
  print: (value: unknown) => string,
): Promise<string> {
  const names = [...templates.keys()]
  const sources = Object.fromEntries(
    [...templates].map(([each, { source }]) => [each, markLines(source, names.indexOf(each))]),
  )
  const liquid = new Liquid({
    templates: sources,
    strictVariables: true,
    strictFilters: true,
    ownPropertyOnly: true,
    outputEscape: print,
  })
  try {
    return await liquid.renderFile(name, variables)
  } catch (error) {
    if (!LiquidError.is(error)) throw error
    // Not every token knows its file, but each knows the source it was cut from.
    const token: { input: string; getPosition?(): number[] } | undefined = error.token
    const file = names.find((each) => sources[each] === token?.input) ?? name
    const line = token?.getPosition?.()[0]
    const found = error.message.replace(/, (file|line):.*$/s, '').replace(MARKS, '')
    throw new FaultsError([
      {
        file: labelOf(file, templates),
        ...(line !== undefined && { line }),
        message: `${found}; the comments at the top of the templates say what they may use`,
      },
    ])
  }
}

function labelOf(name: string, templates: Map<string, Template>): string {
  return templates.get(name)?.label ?? `templates/${name}`
}

/*
 * MJML counts lines of what Liquid made, which loops and layouts have moved. So each line of a template ends in a
 * mark that says where it is from. A mark must not stand inside a tag of Liquid's, where it would be a word of it.
 */
function markLines(source: string, template: number): string {
  let line = 0
  return `${source}\n`.replace(/\{%[\s\S]*?%\}|\{\{[\s\S]*?\}\}|\n/g, (found) => {
    const before = line
    line += found.split('\n').length - 1
    return found === '\n' ? `${LINE_OPEN}${template}:${before + 1}${LINE_CLOSE}\n` : found
  })
}

type Place = { file: string; line?: number }

function takeLineMarks(
  filled: string,
  templates: Map<string, Template>,
): { source: string; placeOf: (line: number) => Place } {
  const names = [...templates.keys()]
  const places = filled.split('\n').map((text) => {
    const mark = text.match(/\uE004(\d+):(\d+)\uE005/)
    return mark && { file: labelOf(names[Number(mark[1])] ?? '', templates), line: Number(mark[2]) }
  })
  const known = places.filter((place) => place !== null)
  return {
    source: filled.replace(/\uE004\d+:\d+\uE005/g, ''),
    placeOf: (line) => places[line - 1] ?? known.at(-1) ?? { file: labelOf(names[0] ?? '', templates) },
  }
}

// MJML mends tags that are not closed by dropping what follows, and leaves out includes, both without a word.
function structureFaults(source: string, placeOf: (line: number) => Place): Fault[] {
  const faults: Fault[] = []
  const open: { tag: string; line: number }[] = []
  const blank = (text: string) => text.replace(/[^\n]/g, ' ')
  const visible = source.replace(/<!--[\s\S]*?-->/g, blank)
  for (const found of visible.matchAll(/<(\/?)(mj-[\w-]+|mjml)((?:"[^"]*"|'[^']*'|[^"'>])*)>/g)) {
    const [, slash, tag = '', attributes = ''] = found
    const line = visible.slice(0, found.index).split('\n').length
    if (tag === 'mj-include') {
      const message = "<mj-include> is not read; use Liquid's {% render 'name.mjml' %}"
      if (!slash) faults.push({ ...placeOf(line), message })
    } else if (!slash) {
      if (!attributes.endsWith('/')) open.push({ tag, line })
    } else if (open.at(-1)?.tag === tag) {
      open.pop()
    } else {
      const last = open.at(-1)
      const expected = last ? `<${last.tag}> is open here` : 'nothing is open here'
      return [...faults, { ...placeOf(line), message: `found </${tag}>, but ${expected}; close it first` }]
    }
  }
  for (const { tag, line } of open)
    faults.push({ ...placeOf(line), message: `<${tag}> is opened here and never closed` })
  return withoutRepeats(faults)
}

function withoutRepeats(faults: Fault[]): Fault[] {
  return [...new Map(faults.map((fault) => [JSON.stringify(fault), fault])).values()]
}
