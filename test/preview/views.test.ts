import { expect, test } from 'vitest'
import { inScheme, linkedOut, withoutStyles } from '../../src/preview/views.ts'

const HTML = `<html><head><style>
@media (prefers-color-scheme: dark) { p { color: white } }
@media screen and ( PREFERS-COLOR-SCHEME:light ) { p { color: black } }
</style></head><body style="margin:0" class="x"><p title="style=" bgcolor="#fff">class="y" &lt;b style="color:red"&gt;</p></body></html>`

test('what asks for dark gets a yes in dark, and a no in light', () => {
  expect(inScheme(HTML, 'dark')).toContain('@media (min-width: 0) { p { color: white } }')
  expect(inScheme(HTML, 'dark')).toContain('@media screen and (max-width: 0) { p { color: black } }')
  expect(inScheme(HTML, 'light')).toContain('@media (max-width: 0) { p { color: white } }')
  expect(inScheme(HTML, 'light')).toContain(':root { color-scheme: light !important }</style></head>')
})

test('without styles, the words are all there, also those that look like styles', () => {
  const bare = withoutStyles(HTML)
  expect(bare).toContain('<body><p title="style=">class="y" &lt;b style="color:red"&gt;</p></body>')
  expect(bare).not.toContain('@media')
})

test('a document without a head is shown all the same', () => {
  expect(linkedOut('<p>Hello $&</p>')).toBe('<base target="_blank"><p>Hello $&</p>')
})
