import { describe, expect, test } from 'vitest'
import { english } from '../../src/words/en.ts'
import { CATALOGUES, frameLanguage, type Words, wordsFor } from '../../src/words/words.ts'

/** What a phrase is tried with, by what its parameter is called. Numbers are of each kind that Arabic tells apart. */
const SAMPLES: Record<string, (string | number)[]> = {
  site: ['C++ & Söhne'],
  feed: ['Tea'],
  title: ['Jenga'],
  newest: ['Jenga'],
  date: ['2026-11-22'],
  address: ['ada@example.org'],
  host: ['video.example'],
  author: ['Grace'],
  alt: ['A tower', ''],
  fault: ['so and so'],
  number: [3],
  count: [1, 2, 5, 11, 100, 12_345],
  others: [0, 1, 2, 5, 11, 100, 12_345],
  most: [100],
  setting: ['08:00'],
  moment: ['2026-11-22 08:00'],
  names: ['C++'],
}

/** What reads the same in English, and is right. */
const SAME = new Map([
  ['de', ['mail.links', 'pages.feeds']],
  ['fr', ['mail.notes', 'mail.note']],
])

type Phrase = { path: string; args: (string | number)[]; said: string }

const languages = [...CATALOGUES.keys()]
const others = languages.filter((language) => language !== 'en')

test('there are six, each under its own name', () => {
  expect(languages).toEqual(['en', 'de', 'fr', 'es', 'ar', 'ja'])
})

describe.each(languages)('the catalogue of %s', (language) => {
  const words = wordsFor(language)

  test('says every phrase, as its golden file has it for people who speak the language', async () => {
    const own = phrasesOf(words)
    const lines = phrasesOf(english).flatMap(({ path, args, said }, at) => [
      `${path}${args.length > 0 ? ` (${args.map((arg) => JSON.stringify(arg)).join(', ')})` : ''}`,
      ...(language === 'en' ? [] : [`  en  ${said}`]),
      `  ${language}  ${own[at]?.said}`,
      '',
    ])
    await expect(lines.join('\n')).toMatchFileSnapshot(`golden/${language}.txt`)
  })

  test('uses what it is given', () => {
    for (const { path, args, said } of phrasesOf(words))
      for (const arg of args) {
        if (typeof arg === 'string') expect(`${path}: ${said}`).toContain(arg)
        // One and two may be words, and none may be left out.
        else if (arg > 2) expect(`${path}: ${said}`).toContain(new Intl.NumberFormat(language).format(arg))
      }
  })

  test('calls by its name what it speaks of elsewhere', () => {
    expect(words.mail.welcomeChange).toContain(words.mail.preferences)
    expect(words.mail.welcomeChange).toContain(words.mail.unsubscribe)
  })

  test('isolates nothing in a subject, and elsewhere ends what it begins', () => {
    for (const { path, said } of phrasesOf(words)) {
      const marks = said.replace(/[^\u2068\u2069]/g, '')
      expect(`${path} ${marks}`).toMatch(/subject$|subject $/i.test(path) ? / $/ : / (\u2068\u2069)*$/)
    }
  })
})

describe.each(others)('beside English, the catalogue of %s', (language) => {
  test('says nothing in English by accident', () => {
    const same = SAME.get(language) ?? []
    const spoken = phrasesOf(english)
    for (const [at, { path, args, said }] of phrasesOf(wordsFor(language)).entries()) {
      const bare = (text: string) => args.reduce<string>((left, arg) => left.replace(String(arg), ''), text)
      if (same.includes(path) || !/\p{L}{2}/u.test(bare(said))) continue
      expect(bare(said), path).not.toBe(bare(spoken[at]?.said ?? ''))
      expect(bare(said), path).not.toMatch(/\b(the|and|you|your|posts?|with|this|of)\b/i)
    }
  })

  test('has the punctuation of its language', () => {
    for (const { path, said } of phrasesOf(wordsFor(language))) {
      // The characters that an address may have are themselves.
      const text = said.replace("!#$%&'*+/=?^_`{|}~-", '#')
      expect(text, path).not.toMatch(/['"]|\.\.\.|^\s| {2}/)
      if (path !== 'pages.comma') expect(text, path).not.toMatch(/\s$/)
      if (language === 'fr') expect(text, path).not.toMatch(/[^\u202F][:;?!»](\s|$)|«[^\u202F]/)
      if (language === 'es')
        for (const mark of ['?', '!'])
          expect(text.includes(mark), path).toBe(text.includes(mark === '?' ? '¿' : '¡'))
      if (language === 'ar') expect(text, path).not.toMatch(/[,;?](?!\d)/)
      if (language === 'ja')
        expect(text, path).not.toMatch(/[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}][,.:;?!(]/u)
    }
  })
})

test('a language of a region gets the words of the language, and one without words gets English and says so', () => {
  const given = ['en', 'en-GB', 'de', 'de-AT', 'DE-ch', 'deu', 'fr-CA', 'es-419', 'ar-EG', 'ja-JP']
  expect(given.map((tag) => wordsFor(tag).language)).toEqual([
    'en',
    'en',
    'de',
    'de',
    'de',
    'de',
    'fr',
    'es',
    'ar',
    'ja',
  ])
  for (const tag of ['pt-BR', 'zh', 'zh-Hant-TW', 'den', '', 'no language at all', '-', '__proto__'])
    expect(wordsFor(tag)).toBe(english)
})

test('people are spoken to in their language where there are words for it, else in the site’s', () => {
  expect(frameLanguage('de-AT', 'en')).toBe('de')
  expect(frameLanguage('pt-BR', 'en')).toBe('en')
  expect(frameLanguage('pt-BR', 'ja')).toBe('ja')
  expect(frameLanguage('', 'fr')).toBe('fr')
  // All of one language share what is sent, under the name that the site has for it.
  expect(frameLanguage('en', 'en-GB')).toBe('en-GB')
  expect(frameLanguage('en-US', 'en-GB')).toBe('en-GB')
  // There are no words for the site's own: those who read it get English under its name, others their own.
  expect(frameLanguage('pt-BR', 'pt-BR')).toBe('pt-BR')
  expect(frameLanguage('en', 'pt-BR')).toBe('en')
})

/** Every phrase, once for each value of its parameters. */
function phrasesOf(words: Words): Phrase[] {
  return [...phrasesIn(words, english, '')]
}

function* phrasesIn(said: object, model: object, path: string): Generator<Phrase> {
  expect(Object.keys(said), path).toEqual(Object.keys(model))
  for (const [key, phrase] of Object.entries(said)) {
    const here = path === '' ? key : `${path}.${key}`
    const wanted = (model as Record<string, unknown>)[key]
    if (typeof phrase === 'string') yield { path: here, args: [], said: phrase }
    else if (typeof phrase === 'function')
      for (const args of argumentsOf(here, wanted as object))
        yield { path: here, args, said: phrase(...args) }
    else yield* phrasesIn(phrase as object, wanted as object, here)
  }
}

function argumentsOf(path: string, phrase: object): (string | number)[][] {
  const names = String(phrase).slice(0, String(phrase).indexOf('=>')).match(/\w+/g) ?? []
  return names.reduce<(string | number)[][]>(
    (all, name) => {
      const values = SAMPLES[name]
      if (!values) throw new Error(`${path}: no sample for a parameter called "${name}"; add one above`)
      return all.flatMap((args) => values.map((value) => [...args, value]))
    },
    [[]],
  )
}
