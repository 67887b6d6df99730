/** How a page is for other eyes than its author's. */
import axe, { type AxeResults } from 'axe-core'
import type { Page } from 'playwright-core'

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']

/** What sticks out to the side, and what somebody with other eyes or without a mouse would stumble over. */
export async function faultsOf(page: Page, name: string): Promise<string[]> {
  // As text, since these tests are typed for Node, where there is no window.
  const wanted = await page.evaluate<number>('document.documentElement.scrollWidth')
  const shown = await page.evaluate<number>('innerWidth')
  const wide = wanted > shown ? [`${name}: ${wanted} px wide where ${shown} are there`] : []
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate<AxeResults>(`axe.run({ runOnly: ${JSON.stringify(RULES)} })`)
  return [
    ...wide,
    ...violations.flatMap(({ id, help, nodes }) =>
      nodes.map(({ html }) => `${name}: ${help} (${id}) at ${html.slice(0, 200)}`),
    ),
  ]
}
