/**
 * What is wrong with a configuration, told as faults with the line they stand on: a key that is unknown with the
 * nearest one that is known, a value with what to write instead.
 */
import { isNode, LineCounter, parseDocument } from 'yaml'
import type { z } from 'zod'
import { configSchema } from './config-schema.ts'
import type { Fault } from './errors.ts'

/** Keys of the design whose features are not built yet. */
const NOT_BUILT = new Set(['webhooks'])

/** The fault of a file that is not JSON. */
export function jsonFault(file: string, source: string, error: unknown): Fault {
  const message = error instanceof Error ? error.message : String(error)
  // What JSON.parse met, without where: a position, or the text around it.
  const met = message.replace(/ in JSON at position.*$/s, '').replace(/, (\.\.\.)?".*is not valid JSON$/s, '')
  return {
    file,
    line: source.slice(0, jsonPosition(source, message)).split('\n').length,
    message: `this is not JSON: ${met}; look for a comma too many or too few`,
  }
}

// V8 names the position in some of its messages. In the others it quotes the ten characters before and after it.
function jsonPosition(source: string, message: string): number {
  const named = message.match(/position (\d+)/)?.[1]
  if (named !== undefined) return Number(named)
  const quoted = message.match(/^Unexpected token '(.+?)', (\.\.\.)?"(.*)"(\.\.\.)? is not valid JSON$/su)
  if (!quoted) return source.length
  const [, token = '', cutBefore, near = ''] = quoted
  return source.indexOf(token, source.indexOf(near) + (cutBefore ? 10 : 0))
}

/** The faults that one complaint of the schema stands for. */
export function schemaFaults(file: string, source: string, found: unknown, issue: z.core.$ZodIssue): Fault[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const path = [...issue.path, key]
      const message = NOT_BUILT.has(key)
        ? `"${keyPath(path)}" is not built yet; take it out`
        : `"${keyPath(path)}" is unknown${nearest(key, knownKeys(issue.path, found))}`
      return { file, ...lineOf(source, path), message }
    })
  }
  const name = issue.path.length === 0 ? 'the configuration' : `"${keyPath(issue.path)}"`
  const value = valueAt(found, issue.path)
  if (value === undefined)
    return [
      {
        file,
        ...lineOf(source, issue.path.slice(0, -1)),
        message: `${name} is missing; it has no default`,
      },
    ]
  const message = `${name} is ${JSON.stringify(value)}; ${expectation(issue)}`
  return [{ file, ...lineOf(source, issue.path), message }]
}

function valueAt(found: unknown, path: PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (node, key) => (node as Record<PropertyKey, unknown> | null | undefined)?.[key],
    found,
  )
}

function expectation(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') return `expected ${issue.expected}`
  return issue.message.charAt(0).toLowerCase() + issue.message.slice(1)
}

/** `transports[0].host`, as a person writes it. */
export function keyPath(path: PropertyKey[]): string {
  return path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '')
}

/** The line that the value at `path` begins in. JSON is YAML too, and this parser knows where each thing stands. */
/** The line on which a key of the file stands. */
export function lineOf(source: string, path: PropertyKey[]): { line?: number } {
  const lines = new LineCounter()
  const node = parseDocument(source, { lineCounter: lines, uniqueKeys: false }).getIn(path, true)
  const start = isNode(node) ? node.range?.[0] : undefined
  return path.length === 0 || start === undefined ? {} : { line: lines.linePos(start).line }
}

/** The keys that may stand at a place of the configuration, read from the JSON Schema so that there is one list. */
function knownKeys(path: PropertyKey[], found: unknown): string[] {
  type Node = {
    properties?: Record<string, Node>
    items?: Node
    oneOf?: Node[]
    anyOf?: Node[]
    const?: unknown
  }
  // Of a transport's forms only the one of its kind.
  const fits = (node: Node, value: unknown) =>
    Object.entries(node.properties ?? {}).every(
      ([key, { const: wanted }]) => wanted === undefined || wanted === valueAt(value, [key]),
    )
  let nodes: Node[] = [configSchema() as Node]
  path.forEach((key, depth) => {
    const value = valueAt(found, path.slice(0, depth + 1))
    nodes = nodes.flatMap((node) => {
      const next = typeof key === 'number' ? node.items : node.properties?.[String(key)]
      return next
        ? [next, ...[...(next.oneOf ?? []), ...(next.anyOf ?? [])].filter((form) => fits(form, value))]
        : []
    })
  })
  return nodes.flatMap((node) => Object.keys(node.properties ?? {}))
}

function nearest(key: string, known: string[]): string {
  const ranked = known
    .map((name) => ({ name, far: distance(key.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.far - b.far)
  const best = ranked[0]
  if (best && best.far <= Math.max(2, Math.ceil(key.length / 3))) return `; did you mean "${best.name}"?`
  return known.length > 0 ? `; there are ${known.filter((name) => name !== '$schema').join(', ')}` : ''
}

/** Levenshtein's distance: how many letters to add, drop or change. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
