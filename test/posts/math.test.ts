import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { toHtml } from '../../src/posts/html.ts'
import { parseMarkdown } from '../../src/posts/markdown.ts'
import { mathText } from '../../src/posts/math.ts'
import { toPlainText } from '../../src/posts/plain.ts'

const html = (source: string) => toHtml(parseMarkdown(source), 'https://blog.example/hello/')

/** The TeX in a text, inline and in blocks, in its order. */
function formulas(source: string): string[] {
  const found: string[] = []
  JSON.stringify(parseMarkdown(source), (_, value) => {
    if (value?.type === 'math') found.push(value.tex)
    return value
  })
  return found
}

describe('math in Markdown', () => {
  test.each([
    ['$E=mc^2$', 'E=mc^2'],
    ['so ($x$), *$y$* and "$z$".', 'x', 'y', 'z'],
    ['[the $n$ of it](/n/) and **$m$**', 'n', 'm'],
    ['| $a$ | b |\n|---|---|\n| $c_1$ | d |', 'a', 'c_1'],
    ['$`a_1 * b_1`$ and $\\text{for $n$ of them}$', 'a_1 * b_1', '\\text{for $n$ of them}'],
    ['$a_1$ and $b_1$ hold no emphasis', 'a_1', 'b_1'],
    ['设$x$为', 'x'],
    ['$10 \\%$ and $5$', '10 \\%', '5'],
    ['$$x^2$$ in a sentence', 'x^2'],
  ])('is found in %s', (source, ...found) => {
    expect(formulas(source)).toEqual(found)
  })

  test.each([
    'It costs $5 and $10.',
    'from $5, or 7$ in Canada',
    'between $10 and 30$',
    'US$325 ends, CA$ and D$ do not',
    '$ a $ and $ b$ and $a $',
    'a \\$x$ and $x\\$',
    '`$PATH` and `$a$`',
    `$PATH:$HOME, $HOME/$USER and $${'{A}'} or $${'{B}'}`,
    '"$(echo)" and $(cat $FILE) and $(foo).x($(bar))',
    'process$complete and IncomingMessage$end, a$b$c',
    'on two $lines\nof$ text',
    '$a `code$` b',
    '$$ and $$$ and $$$$',
    '$x$2 and 2$x$',
    '    $code$',
    '<!-- $x$ -->',
    '$$\n\nnothing$$',
    '$$ is my process number',
    'the "$" and the \'$\', ($) and ($)',
    '$.get/$.ajax and /x+$/ or /y+$/',
  ])('is not found in %s', (source) => {
    expect(formulas(source)).toEqual([])
  })

  test('stands in blocks between dollars or in a fence, also in lists and right behind a line', () => {
    expect(formulas('$$\na+b\n$$\n\n$$c$$\n\n```math\nd\ne\n```\n\n~~~ math\nf\n~~~')).toEqual([
      'a+b',
      'c',
      'd\ne',
      'f',
    ])
    expect(formulas('text\n$$\na\n$$\nmore\n\n- item\n\n  $$\n  b\n  $$\n\n> $$c\n> d$$')).toEqual([
      'a',
      'b',
      'c\nd',
    ])
    expect(parseMarkdown('a\n$$\nb\n$$\nc').children.map((node) => node.type)).toEqual([
      'paragraph',
      'math',
      'paragraph',
    ])
  })

  test('keeps a dollar that is escaped as a dollar', () => {
    expect(html('\\$5 and \\$x\\$')).toBe('<p>$5 and $x$</p>')
  })

  test('is words in pages and feeds, with its source for the pointer, from left to right', () => {
    expect(html('See $x^2 < y$.')).toBe('<p>See <span dir="ltr" title="x^2 &lt; y">x² &lt; y</span>.</p>')
    expect(html('$x$')).toBe('<p><span dir="ltr">x</span></p>')
    expect(html('$$a=b\\\\c=d$$')).toBe('<p dir="ltr" title="a=b\\\\c=d">a = b<br>\nc = d</p>')
    // What passes the sanitizer is the same.
    expect(html('<b>now</b> $x^2$')).toBe('<p><b>now</b> <span dir="ltr" title="x^2">x²</span></p>')
    expect(html('![the $x^2$ curve](a.png)')).toContain('alt="the x² curve"')
    expect(html('$"><script>alert(1)</script>$')).not.toContain('<script')
  })

  test('is words in summaries', () => {
    expect(toPlainText(parseMarkdown('Where $E=mc^2$:\n\n$$a^2$$').children)).toBe('Where E = mc²: a²')
  })
})

describe('a formula as text', () => {
  test.each([
    ['E=mc^2', 'E = mc²'],
    ['a_i^2 + b_{n+1} = c^{n+1}', 'aᵢ² + bₙ₊₁ = cⁿ⁺¹'],
    ['\\frac{-b \\pm \\sqrt{b^2-4ac}}{2a}', '(−b ± √(b² − 4ac))/(2a)'],
    ['\\frac12 mv^2', '½mv²'],
    ['\\frac{n}{2}x + x\\frac{a}{b}', '(n/2)x + x(a/b)'],
    ['\\frac{a/b}{c} \\cdot \\frac{1}{\\frac{a}{b}}', 'a/b/c · 1/(a/b)'],
    ['\\bar{x} = \\frac{1}{n} \\sum_{i=1}^{n} x_i', 'x̄ = (1/n) ∑ᵢ₌₁ⁿ xᵢ'],
    ['\\int_0^\\infty e^{-x^2}\\,dx = \\frac{\\sqrt{\\pi}}{2}', '∫₀^∞ e^(−x²) dx = √π/2'],
    ['\\lim_{x \\to 0} \\frac{\\sin x}{x} = 1', 'lim_(x→0) (sin x)/x = 1'],
    ['e^{i\\pi} + 1 = 0', 'e^(iπ) + 1 = 0'],
    ['a^{b^c} \\ne {a^b}^c', 'a^(bᶜ) ≠ (aᵇ)ᶜ'],
    ['e^\\alpha t', 'e^α t'],
    ['\\forall x \\in \\mathbb{R}: x^2 \\ge 0', '∀x ∈ ℝ: x² ≥ 0'],
    ['a \\not\\in B, a \\not= b', 'a ∉ B, a ≠ b'],
    ['f: X \\to Y, 16:9, x := 3', 'f: X → Y, 16:9, x ≔ 3'],
    ['O(n \\log n) = \\mathcal{O}(n\\log n)', 'O(n log n) = O(n log n)'],
    ['\\left( \\frac{a}{b} \\right)^2', '(a/b)²'],
    ['\\frac{a}{b}^2', '(a/b)²'],
    ['{a+b}^2 (a+b)^2', '(a + b)²(a + b)²'],
    ['\\begin{pmatrix} 1 & 2 \\\\ 3 & 4 \\end{pmatrix}', '(1, 2; 3, 4)'],
    [
      '|x| = \\begin{cases} x & \\text{if } x \\ge 0 \\\\ -x & \\text{else} \\end{cases}',
      '|x| = { x if x ≥ 0; −x else }',
    ],
    ["f''(x) = -f(x)", 'f″(x) = −f(x)'],
    ['90^\\circ, A^\\top, x^*', '90°, Aᵀ, x*'],
    ['\\hat{x}, \\vec v, \\overline{AB}', 'x̂, v⃗, A̅B̅'],
    ['\\text{speed} = \\frac{\\text{way}}{\\text{time}}', 'speed = way/time'],
    ['\\sqrt[3]{8} + \\sqrt[n]{x+1}', '∛8 + ⁿ√(x + 1)'],
    ['a \\equiv b \\pmod{n}', 'a ≡ b (mod n)'],
    ['\\binom{n}{k} = \\frac{n!}{k!(n-k)!}', 'C(n, k) = n!/(k!(n − k)!)'],
    ['1{,}000 \\times 10\\%', '1,000 × 10%'],
    ['\\mathrm{H_2O} + 5\\,\\mathrm{kg}', 'H₂O + 5 kg'],
    ['\\operatorname{argmax}_\\theta L(\\theta)', 'argmax_θ L(θ)'],
    ['\\{ x \\mid x > 0 \\}', '{x | x > 0}'],
    ['a &= b \\\\[2pt] &= c', 'a = b = c'],
  ])('%s reads %s', (tex, text) => {
    expect(mathText(tex)).toBe(text)
  })

  test('of several lines has lines', () => {
    expect(mathText('\\begin{aligned} a &= b \\\\ &= c \\end{aligned}', '\n')).toBe('a = b\n= c')
    expect(mathText('a=b \\\\ c=d')).toBe('a = b; c = d')
  })

  test.each([
    '\\frac{a}{',
    'a^b^c',
    '}',
    '{',
    '\\begin{tikzpicture}\\draw\\end{tikzpicture}',
    '\\begin{matrix} a \\end{cases}',
    '{'.repeat(60) + '}'.repeat(60),
  ])('that is not understood stays as it is: %s', (tex) => {
    expect(mathText(tex)).toBe(tex)
  })

  test('says what it understands around a command that it does not know', () => {
    expect(mathText('\\alpha + \\unknown{a}{b_1}^2 = 3')).toBe('α + \\unknown{a}{b_1}² = 3')
  })

  test('never fails, whatever it is', () => {
    const piece = fc.oneof(
      fc.string({ maxLength: 3 }),
      fc.constantFrom(
        ...[
          '\\frac',
          '\\sqrt',
          '[',
          ']',
          '{',
          '}',
          '^',
          '_',
          '\\left',
          '\\right',
          '.',
          '&',
          '\\\\',
          "'",
          '\\not',
        ],
        ...[
          '\\begin{cases}',
          '\\end{cases}',
          '\\text{',
          '\\hat',
          '\\mathbb',
          '\\mathrm',
          '\\sum',
          '12',
          ' ',
          '\\',
        ],
      ),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 25 }), (pieces) => {
        expect(mathText(pieces.join(''))).toBe(mathText(pieces.join('')).trim())
      }),
    )
  })
})
