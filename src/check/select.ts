/** Which elements a selector means. */
import type { Element } from './page.ts'

type Step = { child: boolean; tag: string; id: string; classes: string[] }

/** A selector of types, classes, ids, descendants and children. Null for any other: it selects nothing here. */
export function readSelector(selector: string): { steps: Step[]; weight: number } | null {
  const steps: Step[] = []
  let child = false
  for (const word of selector.replaceAll('>', ' > ').split(/\s+/)) {
    if (word === '>') {
      child = true
      continue
    }
    const parts = /^(\*|:root|[a-z][a-z0-9]*)?((?:[.#][\w-]+)*)$/i.exec(word)
    if (!parts) return null
    const names = parts[2]?.match(/[.#][\w-]+/g) ?? []
    steps.push({
      child,
      tag: (parts[1] ?? '*').toLowerCase().replace(':root', 'html'),
      id: names.find((name) => name.startsWith('#'))?.slice(1) ?? '',
      classes: names.filter((name) => name.startsWith('.')).map((name) => name.slice(1)),
    })
    child = false
  }
  let weight = 0
  for (const { tag, id, classes } of steps)
    weight += (id ? 10_000 : 0) + classes.length * 100 + (tag === '*' ? 0 : 1)
  return { steps, weight }
}

/** Whether a selector means this element. */
export function selects(steps: Step[], element: Element): boolean {
  const last = steps.at(-1)
  if (!last || !fits(last, element)) return false
  const rest = steps.slice(0, -1)
  if (rest.length === 0) return true
  if (last.child) return element.parent !== null && selects(rest, element.parent)
  for (let above = element.parent; above; above = above.parent) if (selects(rest, above)) return true
  return false
}

function fits(step: Step, element: Element): boolean {
  return (
    (step.tag === '*' || step.tag === element.tag) &&
    (step.id === '' || step.id === element.attributes.id) &&
    step.classes.every((name) => element.classes.includes(name))
  )
}
