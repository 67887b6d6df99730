/**
 * From a template of the author's to HTML: Liquid fills it in, MJML lays it out.
 *
 * MJML cannot be trusted with free text: a title in `<mj-title>` lands unescaped in an attribute, and text that looks
 * like `</mj-text>` breaks out of its place. So Liquid prints a mark in place of every value that is more than a plain
 * word, and the escaped value is put where its mark stands once MJML is done. No word of a post passes through MJML.
 */
import { Liquid, LiquidError } from 'liquidjs'
import { type Fault, FaultsError } from '../errors.ts'
import { escapeHtml } from '../markup.ts'
import { MARKS_IN_TEXT, SLOTS, withoutMarks } from '../slots.ts'
import { lineCounter, markLines, type Place, takeLineMarks, withoutLineMarks } from './line-marks.ts'
import type { Mjml } from './mjml.ts'
import { structureFaults } from './mjml-faults.ts'
import { misplaced, misuses, PrintOnly } from './print-only.ts'
import { labelOf, readTemplates, type Template } from './template-files.ts'

/** HTML that is safe already and is printed as it stands, such as an article. */
export class Markup {
  // Private, so that a template can print it by its name alone.
  #html: string

  constructor(html: string) {
    this.#html = html
  }

  get html(): string {
    return this.#html
  }
}

const VALUE_OPEN = '\uE002'
const VALUE_CLOSE = '\uE003'
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
  const misused = usedBy(name, templates).flatMap(({ label, source }) =>
    misuses(source).map((fault) => ({ file: label, ...fault })),
  )
  if (misused.length > 0) throw new FaultsError(misused)

  const values: Value[] = []
  const filled = fillIn(name, templates, variables, (value) => {
    const text = value instanceof Markup || value instanceof PrintOnly ? value : printed(value, values)
    if (typeof text === 'string' && PLAIN.test(text)) return text
    return `${VALUE_OPEN}${values.push(text) - 1}${VALUE_CLOSE}`
  })
  const { source, placeOf } = takeLineMarks(filled, templates)

  const faults = [...structureFaults(source, placeOf), ...placeFaults(source, values, placeOf)]
  if (faults.length > 0) throw new FaultsError(withoutRepeats(faults))
  const laidOut = await site.mjml(source)
  if ('faults' in laidOut)
    throw new FaultsError(
      withoutRepeats(laidOut.faults.map(({ line, message }) => ({ ...placeOf(line ?? 1), message }))),
    )

  const shown = new Set<string | Markup>()
  const print = (text: string): string =>
    text.replace(VALUE, (_, index: string) => {
      const value = values[Number(index)] ?? ''
      const text = value instanceof PrintOnly ? PrintOnly.textOf(value) : value
      shown.add(text)
      return text instanceof Markup ? text.html : print(escapeHtml(text))
    })
  const html = print(withoutIndent(laidOut.html))
  const missing = Object.entries(site.mustPrint ?? {}).filter(([, value]) => !shown.has(value))
  if (missing.length > 0)
    throw new FaultsError(
      missing.map(([variable]) => ({
        file: labelOf(name, templates),
        message: `nothing shows {{ ${variable} }}; put it inside an <mj-text> or <mj-button>`,
      })),
    )
  if (MARKS_IN_TEXT.test(html.replace(SLOTS, '')))
    throw new FaultsError([
      {
        file: labelOf(name, templates),
        message:
          'a filter cut through a value that `capture` had taken up; use the filter on the value itself',
      },
    ])
  return html
}

type Value = string | Markup | PrintOnly

// What `capture` took up holds the marks of lines, which say nothing once they are in a value, and may hold what a part
// has printed of the reader's own.
function printed(value: unknown, values: Value[]): string {
  const text = withoutLineMarks(String(value ?? ''))
  for (const [, index] of text.matchAll(VALUE)) {
    const taken = values[Number(index)]
    if (taken instanceof PrintOnly) taken.valueOf()
  }
  return text
}

/** The template of that name and all that it may be made of: those whose names stand in one of them. */
function usedBy(name: string, templates: Map<string, Template>): Template[] {
  const used = new Map<string, Template>()
  const add = (each: string) => {
    const template = templates.get(each)
    if (!template || used.has(each)) return
    used.set(each, template)
    for (const other of templates.keys()) if (template.source.includes(other)) add(other)
  }
  add(name)
  return [...used.values()]
}

// A quarter of what MJML writes is the space it indents with. Values are not in it yet, so none loses a space.
function withoutIndent(html: string): string {
  return html.includes('<pre') ? html : html.replace(/^[ \t]+|[ \t]+$/gm, '').replace(/\n{2,}/g, '\n')
}

/** A digest of three hundred posts takes a hundredth of both: milliseconds, and characters or elements of lists. */
const LIMITS = { renderLimit: 10_000, memoryLimit: 5_000_000 }

function fillIn(
  name: string,
  templates: Map<string, Template>,
  variables: Record<string, unknown>,
  print: (value: unknown) => string,
): string {
  const names = [...templates.keys()]
  const sources = Object.fromEntries(
    [...templates].map(([each, { source }]) => [each, markLines(source, names.indexOf(each))]),
  )
  const liquid = openLiquid(sources, print)
  const { default: usual } = liquid.filters
  liquid.registerFilter('default', function (value, ...rest) {
    if (value instanceof PrintOnly) return value.orElse(String(rest[0]))
    return typeof usual === 'function' ? usual.call(this, value, ...rest) : value
  })
  try {
    // As globals, so that parts that are rendered in a tag know them too.
    return liquid.renderFileSync(name, {}, { globals: variables })
  } catch (error) {
    if (!LiquidError.is(error)) throw error
    // Not every token knows its file, but each knows the source it was cut from.
    const token: { input: string; getPosition?(): number[] } | undefined = error.token
    const file = names.find((each) => sources[each] === token?.input) ?? name
    const line = token?.getPosition?.()[0]
    const message = mistakeOf(error, variables)
    throw new FaultsError([{ file: labelOf(file, templates), ...(line !== undefined && { line }), message }])
  }
}

/** What an author may use of Liquid: all of it, save what would never end or print more than it was given. */
export function openLiquid(templates: Record<string, string>, print: (value: unknown) => string): Liquid {
  const liquid = new Liquid({
    templates,
    strictVariables: true,
    strictFilters: true,
    ownPropertyOnly: true,
    outputEscape: print,
    // A loop that counts to a billion would stop the worker for good, and all other mail with it.
    ...LIMITS,
  })
  // What is printed is escaped, and what is safe already is known to be: nothing is left to ask for.
  delete liquid.filters.raw
  return liquid
}

/** A mistake that Liquid found, told to its author, with what there is where they looked for something. */
export function mistakeOf(error: LiquidError, variables: Record<string, unknown>): string {
  const found = withoutMarks(withoutLineMarks(error.message.replace(/, (file|line):.*$/s, '')))
  return inWords(found) ?? `${found}; ${knownBeside(found, variables)}`
}

/** What LiquidJS says of a mistake that is easily made, as one would say it to its author; null for all else. */
function inWords(found: string): string | null {
  if (/^(memory alloc|template render) limit exceeded/.test(found))
    return 'this takes too long, or makes too much: look for a loop that has no end in sight'
  if (found === 'Maximum call stack size exceeded')
    return 'it is made of itself: of two templates that render each other, one has to end'
  const [, part] = /^ENOENT: Failed to lookup "(.*)" in/.exec(found) ?? []
  if (part !== undefined)
    return `there is no template "${part}", neither in your folder "templates" nor among Posthorn's`
  const [, end] = /^tag "(end\w+)" not found/.exec(found) ?? []
  if (end !== undefined)
    return `found {% ${end} %}, but something else is open here, or nothing; each {% if %} wants its {% endif %}`
  if (/^output .* not closed$/s.test(found)) return 'a {{ stands here, and nothing closes it; it ends in }}'
  return found === 'expected "|" before filter'
    ? 'after a name there is "|" and a filter, or "}}"; one of them is missing'
    : null
}

/** What there is where a template looked for something: after `undefined variable: post.titel`, what `post` has. */
function knownBeside(found: string, variables: Record<string, unknown>): string {
  const path = /^undefined variable: (.+)$/.exec(found)?.[1]
  const elsewhere = 'the README and the comments at the top of the templates say what they may use'
  if (path === undefined) return elsewhere
  const steps = path.split(/[.[\]]+/).filter(Boolean)
  const parent = steps.slice(0, -1).reduce<unknown>((value, step) => Object(value)[step], variables)
  if (parent === null || typeof parent !== 'object' || Object.keys(parent).length === 0) return elsewhere
  const names = Object.keys(parent).sort().join(', ')
  return steps.length > 1 ? `${steps.slice(0, -1).join('.')} has ${names}` : `there are ${names}`
}

function placeFaults(source: string, values: Value[], placeOf: (line: number) => Place): Fault[] {
  const lineAt = lineCounter(source)
  return misplaced(source, VALUE, (index) => values[index]).map((at) => ({
    ...placeOf(lineAt(at)),
    message:
      'what is each reader’s own stands in a tag, a title, a style or a comment; it may stand in text, and an address as a whole attribute, such as href="{{ links.unsubscribe }}"',
  }))
}

function withoutRepeats(faults: Fault[]): Fault[] {
  return [...new Map(faults.map((fault) => [JSON.stringify(fault), fault])).values()]
}
