import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ALIKE, likeness, runsOf } from '../../src/posts/likeness.ts'

const TEXT = 'Tea is made of leaves and hot water, and of nothing else that anybody should speak of.'
const words = fc.array(fc.constantFrom('tea', 'is', 'made', 'of', 'leaves', 'and', 'Wasser'), {
  maxLength: 30,
})
const text = words.map((all) => all.join(' '))

const alike = (a: string, b: string) => likeness(runsOf(a), runsOf(b))

test('a text is like itself, whatever its front matter, case and marks are', () => {
  expect(alike(TEXT, TEXT)).toBe(1)
  expect(alike(`---\ntitle: Tea\n---\n${TEXT}`, `+++\ntitle = "Leaves"\n+++\r\n${TEXT}`)).toBe(1)
  expect(alike(`\uFEFF---\r\ntitle: Tea\r\n---\r\n${TEXT}`, TEXT)).toBe(1)
  expect(alike(TEXT.toUpperCase(), `> *${TEXT.replaceAll(' ', ' \n')}*`)).toBe(1)
})

test('nothing is like an empty text, and two words say too little to tell', () => {
  expect(alike('', '')).toBe(0)
  expect(alike('', TEXT)).toBe(0)
  expect(alike('---\ntitle: Tea\n---\n', '---\ntitle: Tea\n---\n')).toBe(0)
  expect(alike('Good tea.', 'Good tea.')).toBe(0)
})

test('a few words mended cost a little, another text costs everything', () => {
  const longer = `${TEXT} ${TEXT.replaceAll('leaves', 'herbs')} That is all there is to say of it, as far as I know.`
  expect(alike(longer, longer.replace('hot', 'boiling'))).toBeGreaterThan(ALIKE)
  expect(alike(longer, `A first word. ${longer}`)).toBeGreaterThan(ALIKE)
  expect(alike(longer, longer.slice(0, 60))).toBeLessThan(ALIKE)
  expect(alike(longer, 'Coffee comes from beans, and those from far away, where it is warm.')).toBe(0)
})

test('letters of every script count as words', () => {
  const russian = 'Чай делают из листьев и горячей воды'
  expect(alike(russian, russian)).toBe(1)
  expect(alike(russian, TEXT)).toBe(0)
})

test('it is a share, the same both ways round, and 1 only where the runs of words are the same', () => {
  fc.assert(
    fc.property(text, text, (a, b) => {
      const share = alike(a, b)
      expect(share).toBe(alike(b, a))
      expect(share).toBeGreaterThanOrEqual(0)
      expect(share).toBeLessThanOrEqual(1)
      expect(alike(a, a)).toBe(a.split(' ').length >= 3 ? 1 : 0)
    }),
  )
})
