/**
 * Posts of a blog that nobody wrote, for benches: any number of them, each with what posts have, and each the same
 * whenever and wherever it is made.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const TAGS = 200
const WORDS = 6_000
const FINE = 2 ** 24
const FIRST = Date.UTC(2020, 0, 1)
const HOURS_BETWEEN = 3

type Dice = {
  /** 0 to `sides` - 1. */
  roll(sides: number): number
}

export type BlogPost = { slug: string; source: string }

/** Writes posts 0 to `count` - 1, of which the last is the newest, each a file named after its slug. */
export function writeBlog(folder: string, count: number, sections: number): void {
  mkdirSync(folder, { recursive: true })
  for (let n = 0; n < count; n++) {
    const { slug, source } = makePost(n, sections)
    writeFileSync(join(folder, `${slug}.md`), source)
  }
}

/**
 * A post of Markdown: a section is about 700 bytes of text with marks and links; the first three also hold a list, a
 * block of code and a table.
 *
 * @param n its number; an older post has a lower one
 */
export function makePost(n: number, sections: number): BlogPost {
  const dice = mulberry32(n + 1)
  const word = () => wordBy(dice)
  const words = (count: number) => Array.from({ length: count }, word).join(' ')
  const heading = (count: number) => capital(words(count))
  const extras = [() => list(words), () => code(word, dice), () => tableOf(word, dice)]
  const parts = Array.from({ length: sections }, (_, place) =>
    [`## ${heading(4)}`, paragraph(words, dice), extras[place]?.() ?? '', paragraph(words, dice)].join(
      '\n\n',
    ),
  )
  const tags = new Set(Array.from({ length: 1 + dice.roll(3) }, () => TAG_NAMES[dice.roll(TAGS)]))
  const title = `${heading(5)} & ${n}`
  const date = new Date(FIRST + n * HOURS_BETWEEN * 3_600_000).toISOString()
  const frontMatter = `---\ntitle: ${JSON.stringify(title)}\ndate: ${date}\ntags: [${[...tags].join(', ')}]\n---\n`
  return {
    slug: `${word()}-${word()}-${n}`,
    source: `${frontMatter}\n${paragraph(words, dice)}\n\n${parts.join('\n\n')}\n`,
  }
}

function paragraph(words: (count: number) => string, dice: Dice): string {
  const marked = [
    `*${words(2)}*`,
    `**${words(2)}**`,
    `\`${words(1)}()\``,
    `[${words(3)}](https://example.org/${words(1)}/${dice.roll(1_000)})`,
    `[${words(1)}](https://example.net/?q=${words(1)}&n=${dice.roll(1_000)})`,
  ]
  const sentences = marked.map((mark) => `${capital(words(3 + dice.roll(4)))} ${mark} ${words(2)}.`)
  return sentences.join(' ')
}

function list(words: (count: number) => string): string {
  return Array.from({ length: 4 }, () => `- ${words(4)}`).join('\n')
}

function code(word: () => string, dice: Dice): string {
  const [name, argument, other] = [word(), word(), word()]
  return [
    '```js',
    `// ${capital(word())} ${word()} & ${word()}`,
    `export function ${name}(${argument}) {`,
    `  const ${other} = ${argument}.filter((each) => each < ${dice.roll(100)})`,
    `  return ${other}.length > 0 ? \`<${name}>\` : "${word()}"`,
    '}',
    '```',
  ].join('\n')
}

function tableOf(word: () => string, dice: Dice): string {
  const rows = Array.from({ length: 3 }, () => `| ${word()} | ${word()} | ${dice.roll(1_000)} |`)
  return [`| ${capital(word())} | ${capital(word())} | ${capital(word())} |`, '|---|---|--:|', ...rows].join(
    '\n',
  )
}

/** Some words are common and most are rare, as in a language: it decides how well a text packs. */
const wordBy = (dice: Dice) => VOCABULARY[Math.floor(WORDS * (dice.roll(FINE) / FINE) ** 3)] as string

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)

// Not a linear congruential generator, whose low bits repeat after a few draws: its tags would come in the same pairs.
function mulberry32(seed: number): Dice {
  let state = Math.imul(seed, 0x9e3779b1)
  return {
    roll(sides) {
      state = (state + 0x6d2b79f5) | 0
      let t = Math.imul(state ^ (state >>> 15), 1 | state)
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
      return ((t ^ (t >>> 14)) >>> 0) % sides
    },
  }
}

/** Words of one or two syllables: plain letters, since some name functions, files and tags. */
const VOCABULARY = makeVocabulary(mulberry32(0xb10c))
const TAG_NAMES = VOCABULARY.slice(0, TAGS)

function makeVocabulary(dice: Dice): string[] {
  const pick = (from: string) => from.split(' ')[dice.roll(from.split(' ').length)] as string
  const syllable = () => pick('b br c ch d f g gr h l m n p qu r s st t tr v w') + pick('a e i o u ea ou ai')
  const found = new Set<string>()
  while (found.size < WORDS) {
    const syllables = Array.from({ length: 1 + dice.roll(2) }, syllable)
    found.add(syllables.join('') + pick('n r s l t nd ck ng'))
  }
  return [...found]
}
