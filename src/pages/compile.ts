/**
 * Runs a parsed Liquid template a dozen times as fast as liquidjs does, which steps through a generator for each word
 * that it prints: with ten thousand pages that is ten seconds.
 *
 * Only the plain part of Liquid is run here: text, `{{ a.b }}` and `{{ a.b | raw }}`, `if` and `unless` over names,
 * literals and comparisons, `for` over a list, `capture` and `comment`. A template with anything else in it, and
 * values that liquidjs would treat in a way of its own, are left to liquidjs, which also tells what is wrong. So an
 * author may use all of Liquid, and who stays with what Posthorn's own templates use gets the speed.
 */
import {
  CaptureTag,
  CommentTag,
  ForTag,
  IfTag,
  Output,
  type Template,
  TypeGuards,
  UnlessTag,
  type Value,
} from 'liquidjs'
import { escapeHtml } from '../markup.ts'

/** What names mean at a place of the template: an inner scope inherits from the outer one. */
type Scope = Record<string, unknown> & { [BOTTOM]: Record<string, unknown> }
type Step = (scope: Scope) => string
type Read = (scope: Scope) => unknown

/** The scope that `capture` writes to, wherever it stands. */
const BOTTOM = Symbol('bottom')
/** Thrown where only liquidjs knows. */
const UNSURE = new Error('left to liquidjs')

/**
 * Makes a function of a template.
 *
 * @returns null where the template uses more than is run here. The function returns null where the values do
 */
export function compile(templates: Template[]): ((values: object) => string | null) | null {
  try {
    const run = sequence(templates)
    return (values) => {
      const scope = Object.assign(Object.create(null), values) as Scope
      scope[BOTTOM] = scope
      return surely(() => run(scope))
    }
  } catch (error) {
    if (error === UNSURE) return null
    throw error
  }
}

function surely(run: () => string): string | null {
  try {
    return run()
  } catch (error) {
    if (error === UNSURE) return null
    throw error
  }
}

function sequence(templates: Template[]): Step {
  const steps = templates.map((template) => step(template))
  return (scope) => {
    let text = ''
    for (const one of steps) text += one(scope)
    return text
  }
}

function step(template: Template): Step {
  if (template instanceof Output) return output(template)
  if (template instanceof IfTag || template instanceof UnlessTag) return branches(template)
  if (template instanceof ForTag) return loop(template)
  if (template instanceof CaptureTag) {
    const inner = sequence(template.templates)
    return (scope) => {
      scope[BOTTOM][template.variable] = inner(scope)
      return ''
    }
  }
  if (template instanceof CommentTag) return () => ''
  if ('str' in template && typeof template.str === 'string') {
    const { str } = template
    return () => str
  }
  throw UNSURE
}

function output({ value }: Output): Step {
  // liquidjs ends each chain of filters with the one that escapes, save where "raw" does.
  const [filter, ...more] = value.filters
  if (!filter || more.length > 0) throw UNSURE
  const read = expression(value)
  const write = filter.raw ? (text: string) => text : escapeHtml
  return (scope) => {
    const found = read(scope)
    if (typeof found === 'string') return write(found)
    if (found === null) return ''
    if (typeof found === 'number') return String(found)
    throw UNSURE
  }
}

function branches(tag: IfTag | UnlessTag): Step {
  const all = tag.branches.map(({ value, templates }, index) => {
    if (value.filters.length > 0) throw UNSURE
    const wanted = !(tag instanceof UnlessTag && index === 0)
    return { test: expression(value), wanted, run: sequence(templates) }
  })
  const otherwise = sequence(tag.elseTemplates ?? [])
  return (scope) => {
    for (const { test, wanted, run } of all) if (isTrue(test(scope)) === wanted) return run(scope)
    return otherwise(scope)
  }
}

function loop(tag: ForTag): Step {
  if (Object.keys(tag.hash.hash).length > 0) throw UNSURE
  const read = operand(tag.collection)
  const run = sequence(tag.templates)
  const otherwise = sequence(tag.elseTemplates ?? [])
  return (scope) => {
    const list = read(scope)
    if (!Array.isArray(list)) throw UNSURE
    if (list.length === 0) return otherwise(scope)
    const inner = Object.create(scope) as Scope
    let text = ''
    for (const [index0, item] of list.entries()) {
      const left = list.length - index0
      inner[tag.variable] = item
      inner.forloop = {
        index0,
        index: index0 + 1,
        rindex0: left - 1,
        rindex: left,
        first: index0 === 0,
        last: left === 1,
        length: list.length,
      }
      text += run(inner)
    }
    return text
  }
}

function expression({ initial }: Value): Read {
  const [only, ...more] = initial.postfix
  if (only && more.length === 0) return operand(only)
  // Operands and, behind them, what joins them: `a b ==`.
  const parts = initial.postfix.map((token) =>
    TypeGuards.isOperatorToken(token) ? { join: operator(token.operator) } : { read: operand(token) },
  )
  return (scope) => {
    const stack: unknown[] = []
    for (const part of parts) {
      if (part.read) stack.push(part.read(scope))
      else {
        const right = stack.pop()
        stack.push(part.join(stack.pop(), right))
      }
    }
    return stack[0]
  }
}

function operator(name: string): (left: unknown, right: unknown) => boolean {
  if (name === 'and') return (left, right) => isTrue(left) && isTrue(right)
  if (name === 'or') return (left, right) => isTrue(left) || isTrue(right)
  if (name === '==') return (left, right) => plain(left) === plain(right)
  if (name === '!=') return (left, right) => plain(left) !== plain(right)
  if (name === '>') return (left, right) => number(left) > number(right)
  if (name === '<') return (left, right) => number(left) < number(right)
  throw UNSURE
}

type Operand = Value['initial']['postfix'][number]

/** A literal, or a name with names behind it: `post.date.iso`. */
function operand(token: Operand): Read {
  if (TypeGuards.isPropertyAccessToken(token)) {
    const names = token.props.map((prop) => {
      if (!TypeGuards.isWordToken(prop)) throw UNSURE
      return prop.content
    })
    if (token.variable || names.length === 0) throw UNSURE
    return path(names)
  }
  if ('content' in token && ['string', 'number', 'boolean'].includes(typeof token.content)) {
    const { content } = token
    return () => content
  }
  throw UNSURE
}

function path([root = '', ...names]: string[]): Read {
  return (scope) => {
    if (!(root in scope)) throw UNSURE
    let value = scope[root]
    for (const name of names) {
      if (Array.isArray(value) && name === 'size') value = value.length
      else if (isRecord(value) && Object.hasOwn(value, name)) value = value[name]
      else throw UNSURE
    }
    if (value === undefined) throw UNSURE
    return value
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}

/** Liquid's idea of truth: an empty text and 0 are true. */
function isTrue(value: unknown): boolean {
  return value !== false && value !== null
}

function plain(value: unknown): unknown {
  if (typeof value === 'object' && value !== null) throw UNSURE
  return value
}

function number(value: unknown): number {
  if (typeof value !== 'number') throw UNSURE
  return value
}
