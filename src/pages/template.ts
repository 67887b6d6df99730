/**
 * The Liquid templates of pages. Each is looked for in the site's `templates/` first and in Posthorn's own after
 * that, so an author changes one by copying one. What a template prints is escaped unless it says `| raw`.
 */
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { Liquid, LiquidError, type Template, toValue } from 'liquidjs'
import type { Config } from '../config.ts'
import { errorCode, FaultsError } from '../errors.ts'
import { escapeHtml } from '../markup.ts'
import { packageFolder } from '../package.ts'
import { compile } from './compile.ts'

/** Those of mail lie in the same folders and end in `.mjml`. */
const EXTENSION = '.html'

export type Templates = {
  /**
   * Fills a template.
   *
   * @throws FaultsError with the template's file and line where it uses what there is not
   */
  render: (name: 'page' | 'post' | 'index' | 'archive' | 'contents', values: object) => string
  /** Another text once any template of pages is another. */
  stamp: string
}

/** Another text once any template of pages is another, and nothing of them is read. */
export function templateStamp(config: Pick<Config, 'folder'>): string {
  return foldersOf(config).flatMap(fileStamps).join('\n')
}

function foldersOf(config: Pick<Config, 'folder'>): string[] {
  return [join(config.folder, 'templates'), join(packageFolder(), 'templates')]
}

/** Reads the templates of a site once: a later change of a file is seen by the next call. */
export function openTemplates(config: Pick<Config, 'folder'>): Templates {
  const folders = foldersOf(config)
  const liquid = new Liquid({
    root: folders,
    extname: EXTENSION,
    // Never resolves `../`: a template reads templates and no other file.
    relativeReference: false,
    outputEscape: (value) => escapeHtml(liquidText(value)),
    // A misspelt name is told, not printed as nothing; `{% if canonical %}` may still ask.
    strictVariables: true,
    strictFilters: true,
    lenientIf: true,
  })
  const opened = new Map<string, { parsed: Template[]; quick: ReturnType<typeof compile> }>()
  const open = (name: string) => {
    const parsed = liquid.parseFileSync(name)
    return { parsed, quick: compile(parsed) }
  }
  return {
    render: (name, values) => {
      try {
        const template = opened.get(name) ?? open(name)
        opened.set(name, template)
        return template.quick?.(values) ?? liquid.renderSync(template.parsed, values)
      } catch (error) {
        throw templateFault(error, name, folders, config.folder)
      }
    },
    stamp: templateStamp(config),
  }
}

/** What Liquid prints for a value: nothing for none, and the items of a list one behind the other. */
function liquidText(printed: unknown): string {
  const value = toValue(printed)
  if (Array.isArray(value)) return value.map(liquidText).join('')
  return value === null || value === undefined ? '' : String(value)
}

function templateFault(error: unknown, name: string, folders: string[], siteFolder: string): unknown {
  if (!LiquidError.is(error)) return error
  const { token, originalError } = error as LiquidError
  // The tokens of some mistakes know their line and not their file.
  const candidates = folders.map((folder) => join(folder, name + EXTENSION))
  const path = token.file ?? candidates.find((candidate) => existsSync(candidate)) ?? name
  const fromSite = relative(siteFolder, path)
  return new FaultsError(
    [
      {
        file: fromSite.startsWith('..') ? path : fromSite.replaceAll(sep, '/'),
        line: token.getPosition()[0] ?? 1,
        message: (originalError?.message ?? error.message).replace(/, (file|line):.*$/s, ''),
      },
    ],
    "the comment at the top of Posthorn's own template lists what a template may use",
  )
}

function fileStamps(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith(EXTENSION))
      .toSorted()
      .map((name) => {
        const { size, mtimeMs } = statSync(join(folder, name))
        return `${name} ${size} ${mtimeMs}`
      })
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return []
    throw error
  }
}
