/**
 * The rule of imports: which file may import which. Edges import stages, stages import earlier stages, everybody
 * imports the floor. CONTRIBUTING.md says it in prose; `imports.test.ts` holds the sources to it.
 */
import { dirname, join } from 'node:path/posix'
import { parseSync, Visitor } from 'rolldown/utils'

const FLOOR = [
  'address',
  'child',
  'config',
  'config-faults',
  'config-schema',
  'contrast',
  'errors',
  'file',
  'log',
  'markup',
  'package',
  'slots',
  'store',
  'words',
]
/** In the order of the street. A site is all of it put together, for the edges to work with. */
const STAGES = [
  'posts',
  'public',
  'feeds',
  'hub',
  'pages',
  'pictures',
  'articles',
  'mail',
  'check',
  'issues',
  'deliveries',
  'subscribers',
  'site',
  'round',
]
const EDGES = ['cli', 'commands', 'demo', 'preview', 'terminal', 'web', 'worker']

const MAY_IMPORT_EDGES: Record<string, string[]> = {
  cli: EDGES,
  commands: EDGES,
  demo: EDGES,
  preview: ['terminal'],
  web: ['web'],
  worker: ['web'],
}
const STORE_MAY_IMPORT = ['address', 'config', 'config-schema', 'errors', 'file', 'store']
const FORMATS = ['feeds/rss.ts', 'feeds/atom.ts', 'feeds/json.ts']

/** Who alone may load what; types cost nothing and are free to all. */
const KEEPERS: { from: RegExp; only: RegExp; rule: string }[] = [
  { from: /^kysely(\/|$)/, only: /^store\//, rule: 'SQL lives in store' },
  { from: /^node:sqlite$/, only: /^store\//, rule: 'SQL lives in store' },
  {
    from: /^(node:https?|node:http2|hono|@hono\/.*)(\/|$)/,
    only: /^(web|preview)\//,
    rule: 'HTTP lives in web and preview',
  },
  { from: /^nodemailer(\/|$)/, only: /^mail\/smtp\.ts$/, rule: 'SMTP lives in mail/smtp.ts' },
  {
    from: /^mjml(\/|$)/,
    only: /^mail\/mjml-child\.ts$/,
    rule: 'MJML is loaded in the child process alone, which ends',
  },
  {
    from: /^sharp(\/|$)/,
    only: /^pictures\/picture-child\.ts$/,
    rule: 'pictures are read in the child process alone, which may end',
  },
  {
    from: /^@shikijs\//,
    only: /^posts\/(tokenize|grammars)\.ts$/,
    rule: 'Shiki is loaded in posts/tokenize.ts alone, which is loaded late',
  },
]
const STATEMENTS = ['selectFrom', 'insertInto', 'updateTable', 'deleteFrom', 'replaceInto', 'mergeInto']

type Import = { to: string; type: boolean; lazy: boolean }

/**
 * @param sources the text of each file by its path below `src`, with forward slashes
 * @returns a sentence for each import that breaks the rule
 */
export function brokenRules(sources: Map<string, string>): string[] {
  const imports = new Map<string, Import[]>()
  const broken: string[] = []
  for (const [file, source] of sources) {
    const read = readImports(file, source)
    imports.set(file, read.imports)
    const place = placeOf(file)
    if (![...FLOOR, ...STAGES, ...EDGES].includes(place))
      broken.push(
        `${file} has no place on the street; put it into a folder that has, or name it in test/street.ts`,
      )
    for (const each of read.imports) {
      const rule = each.to.startsWith('.') ? whyNot(file, inside(file, each.to)) : whyNotPackage(file, each)
      if (rule) broken.push(`${file} imports ${each.to}: ${rule}`)
    }
    if (place !== 'store')
      for (const statement of read.statements) broken.push(`${file} calls ${statement}: SQL lives in store`)
  }
  return [...broken, ...cycles(imports)]
}

function whyNot(file: string, target: string): string | null {
  const from = placeOf(file)
  const to = placeOf(target)
  if (FORMATS.includes(file) && FORMATS.includes(target))
    return 'formats are siblings that do not know each other'
  if (EDGES.includes(to)) {
    if (from === to || MAY_IMPORT_EDGES[from]?.includes(to)) return null
    return `${to} is an edge, and nobody imports an edge, save cli, commands and demo (and worker starts web)`
  }
  if (EDGES.includes(from)) return null
  if (FLOOR.includes(from)) {
    if (STAGES.includes(to)) return `${from} is floor, ${to} is a stage, and the floor imports no stage`
    if (from === 'store' && !STORE_MAY_IMPORT.includes(to))
      return `of the floor, store may import ${STORE_MAY_IMPORT.join(', ')} alone`
    if (from !== 'store' && to === 'store') return `${from} lies below store`
    return null
  }
  if (STAGES.indexOf(to) > STAGES.indexOf(from))
    return `${to} comes after ${from} on the street, and a stage imports earlier stages only`
  return null
}

function whyNotPackage(file: string, { to, type }: Import): string | null {
  if (type) return null
  return KEEPERS.find(({ from, only }) => from.test(to) && !only.test(file))?.rule ?? null
}

/** The noun a file belongs to: its folder, or its own name where it lies in none. */
function placeOf(file: string): string {
  return file.split('/')[0]?.replace(/\.ts$/, '') ?? file
}

function inside(file: string, path: string): string {
  return join(dirname(file), path)
}

function readImports(file: string, source: string): { imports: Import[]; statements: string[] } {
  const { program, errors } = parseSync(file, source)
  if (errors[0]) throw new Error(`${file}: ${errors[0].message}`)
  const imports: Import[] = []
  const statements: string[] = []
  const keep = (to: { value: unknown } | null, type: boolean, lazy: boolean) => {
    if (to && typeof to.value === 'string') imports.push({ to: to.value, type, lazy })
  }
  new Visitor({
    ImportDeclaration: ({ source, importKind, specifiers }) => {
      const named = specifiers.length > 0 && specifiers.every((each) => isTypeSpecifier(each))
      keep(source, importKind === 'type' || named, false)
    },
    ExportNamedDeclaration: ({ source, exportKind }) => keep(source, exportKind === 'type', false),
    ExportAllDeclaration: ({ source, exportKind }) => keep(source, exportKind === 'type', false),
    TSImportType: ({ source }) => keep(source, true, false),
    ImportExpression: ({ source }) => keep(source.type === 'Literal' ? source : null, false, true),
    CallExpression: ({ callee }) => {
      if (callee.type !== 'MemberExpression' || callee.property.type !== 'Identifier') return
      if (STATEMENTS.includes(callee.property.name)) statements.push(callee.property.name)
    },
  }).visit(program)
  return { imports, statements }
}

function isTypeSpecifier(specifier: { type: string; importKind?: string | null }): boolean {
  return specifier.type === 'ImportSpecifier' && specifier.importKind === 'type'
}

/** Circles of imports, types too: two files that need each other are one file. A lazy import closes no circle. */
function cycles(imports: Map<string, Import[]>): string[] {
  const found: string[] = []
  const done = new Set<string>()
  const walk = (file: string, path: string[]) => {
    const start = path.indexOf(file)
    if (start >= 0) {
      found.push(`${[...path.slice(start), file].join(' imports ')}: files import each other in no circle`)
      return
    }
    if (done.has(file)) return
    for (const each of imports.get(file) ?? [])
      if (!each.lazy && each.to.startsWith('.')) walk(inside(file, each.to), [...path, file])
    done.add(file)
  }
  for (const file of imports.keys()) walk(file, [])
  return found
}
