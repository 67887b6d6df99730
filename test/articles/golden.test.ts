/** Each construct of Markdown in its mail form: what an author writes, and beside it what is sent. */
import { mkdtemp, readdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { renderArticle } from '../../src/articles/article.ts'
import { colorCode } from '../../src/articles/code.ts'
import { openHighlighter } from '../../src/posts/highlight.ts'
import { parseMarkdown } from '../../src/posts/markdown.ts'
import { wordsFor } from '../../src/words/words.ts'

const FOLDER = join(import.meta.dirname, 'golden/articles')
const constructs = (await readdir(FOLDER)).filter((file) => file.endsWith('.md'))
const highlighter = openHighlighter({
  journal: { file: join(await mkdtemp(join(tmpdir(), 'posthorn-article-')), 'posthorn.journal') },
})

const PICTURES = new Map([
  [
    'https://garden.example/posts/hello/hosted.webp',
    { src: 'https://news.garden.example/media/abc.png', width: 900, height: 600 },
  ],
  [
    'https://garden.example/posts/hello/small.png',
    { src: 'https://news.garden.example/media/def.png', width: 16, height: 16 },
  ],
])

test.each(constructs)('%s', async (file) => {
  const tree = parseMarkdown(await readFile(join(FOLDER, file), 'utf8'))
  // "right-to-left.ar.md" is Arabic.
  const language =
    file
      .split('.')
      .at(-2)
      ?.match(/^[a-z]{2}$/)?.[0] ?? 'en'
  const html = renderArticle(tree, {
    url: 'https://garden.example/posts/hello/',
    language,
    words: wordsFor('en').mail,
    pictures: PICTURES,
    code: await colorCode(tree, highlighter),
  })
  await expect(readable(html)).toMatchFileSnapshot(join(FOLDER, file.replace(/\.md$/, '.html')))
})

/** On one line for each block, for those who read the files. */
function readable(html: string): string {
  return `${html.replace(/(<\/(?:p|h\d|li|ul|ol|tr|table|blockquote|pre|dd|div)>|<hr [^>]*>|<br>|^<div[^>]*>)/g, '$1\n')}\n`
}
