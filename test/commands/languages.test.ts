import { expect, test } from 'vitest'
import { post } from '../site.ts'
import { openSite } from './session.ts'

const TEA = 'The kettle is on, and the leaves wait in the pot. '.repeat(5)

test('a plan tells how many are spoken to in which language, where it is more than one', async () => {
  const session = openSite()
  const { posthorn } = session
  await posthorn('build')
  const people = ['ada,de', 'lise,de-AT', 'emmy,de', 'grace,en', 'alan,pt-BR']
  const rows = people.map((row) => row.replace(',', '@example.org,'))
  session.write('people.csv', ['email,language', ...rows, ''].join('\n'))
  await posthorn('subscribers import people.csv --confirmed')
  session.write('posts/tea.md', post('Tea', '2026-11-02', TEA))
  expect(await posthorn('plan')).toContain('  Tea  to 5 people: 3 in German, 2 in English\n')
})
