import { expect, test } from 'vitest'
import { feedbackId } from '../../src/mail/feedback.ts'

test('it names the issue, the list, the kind of mail and the sender', () => {
  expect(feedbackId(12, 'issue', 'garden.example')).toBe('12:posts:issue:gardenexample')
  expect(feedbackId(null, 'confirmation', 'garden.example')).toBe('none:posts:confirmation:gardenexample')
})

test.each([
  'a.de',
  'x.co',
  'news.the-garden-and-the-shed-of-ada.example',
  'xn--grten-kva.example',
  'garden.example',
])('the sender of %s has 5 to 15 characters, always the same ones', (domain) => {
  const id = feedbackId(1, 'issue', domain)
  expect(id).toMatch(/^1:posts:issue:[a-z0-9]{5,15}$/)
  expect(feedbackId(2, 'issue', domain.toUpperCase()).split(':')[3]).toBe(id.split(':')[3])
})

test('long domains that begin alike are told apart', () => {
  const ids = ['a', 'b'].map((end) => feedbackId(1, 'issue', `the-same-beginning-of-a-name.${end}.example`))
  expect(new Set(ids).size).toBe(2)
})
