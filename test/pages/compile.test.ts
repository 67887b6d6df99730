import { readdirSync, readFileSync } from 'node:fs'
import { Liquid } from 'liquidjs'
import { describe, expect, test } from 'vitest'
import { escapeHtml } from '../../src/markup.ts'
import { compile } from '../../src/pages/compile.ts'

const VALUES = {
  title: `Tea & <b>"cake"</b> 'n' {{ nothing }}`,
  none: null,
  blankish: '',
  zero: 0,
  ten: 10,
  yes: true,
  no: false,
  post: { title: 'One', date: { iso: '2026-01-31' }, size: 'large', tags: [{ name: 'a' }, { name: '<b>' }] },
  tags: ['a', '<b>', 'c'],
  nobody: [],
}

const QUICK = [
  'plain text, and {% comment %}{{ what.ever | no }}{% endcomment %}nothing else',
  '{{ title }} {{ title | raw }} {{ none }} {{ blankish }} {{ zero }} {{ ten }} {{ "a<b" }} {{ 1.5 }}',
  '{{ post.title }} {{ post.date.iso }} {{ post.tags.size }} {{ post.size }} {{ tags.size }}',
  '  {%- if yes -%}  a  {%- endif -%}  {{- title -}}  b',
  '{% if none %}a{% elsif no %}b{% elsif blankish %}c{% else %}d{% endif %}',
  '{% if zero %}0 is true{% endif %}{% if blankish %}so is nothing{% endif %}{% if nobody %}and nobody{% endif %}',
  '{% unless none %}a{% elsif yes %}b{% else %}c{% endunless %}{% unless title %}a{% elsif no %}b{% else %}c{% endunless %}',
  '{% unless title %}a{% elsif yes %}b{% else %}c{% endunless %}',
  '{% if post.title == "One" and ten > 9 or no %}a{% endif %}{% if title != "One" %}b{% endif %}{% if zero < ten %}c{% endif %}',
  '{% if none == false %}a{% else %}b{% endif %}{% if yes == true %}c{% endif %}{% if ten == "10" %}d{% else %}e{% endif %}',
  '{% if no and no or yes %}a{% else %}b{% endif %}{% if yes or no and no %}a{% else %}b{% endif %}',
  '{% for tag in tags %}{{ forloop.index }}/{{ forloop.length }} {{ tag }}{% unless forloop.last %}, {% endunless %}{% endfor %}',
  '{% for tag in tags %}{{ forloop.index0 }}{{ forloop.rindex }}{{ forloop.rindex0 }}{% if forloop.first %}!{% endif %}{% endfor %}',
  '{% for tag in post.tags %}{{ tag.name }}{{ tag.name | raw }}{% for tag in tags %}{{ tag }}{% endfor %}{{ tag.name }}{% endfor %}',
  '{% for tag in nobody %}a{% else %}nobody{% endfor %}{% for title in tags %}{{ title }}{% endfor %}{{ title }}',
  '{% capture own %}<i>{{ title }}</i>{% endcapture %}{{ own }}{{ own | raw }}',
  '{% for tag in tags %}{% capture tag %}[{{ tag }}]{% endcapture %}{{ tag }}{% endfor %}{{ tag | raw }}',
  '{% for tag in tags %}{% capture last %}{{ tag }}{% endcapture %}{% endfor %}{{ last }}',
]

const LEFT = [
  '{{ title | upcase }}',
  '{{ title | escape }}',
  '{{ title | raw | size }}',
  '{{ title | size | raw }}',
  '{{ title.size }}',
  '{{ none.a }}',
  '{{ tags }}',
  '{{ yes }}',
  '{{ post["title"] }}',
  '{{ ["title"] }}',
  '{{ tags[1] }} {{ tags.first }} {{ tags.last }}',
  '{{ none | default: "x" }}',
  '{% if title contains "Tea" %}a{% endif %}',
  '{% if tags == empty %}a{% else %}b{% endif %}{% if blankish == blank %}c{% endif %}{% if blankish == empty %}d{% endif %}',
  '{% if none == nil %}a{% endif %}',
  '{% if not no %}a{% endif %}',
  '{% if ten >= 10 %}a{% endif %}{% if "b" > "a" %}c{% endif %}',
  '{% if nothing %}a{% else %}b{% endif %}',
  '{% if title.nothing %}a{% else %}b{% endif %}',
  '{% case title %}{% when "x" %}a{% else %}b{% endcase %}',
  '{% assign title = title | size %}{{ title }}',
  '{% for tag in tags limit: 2 %}{{ tag }}{% endfor %}',
  '{% for tag in tags reversed %}{{ tag }}{% endfor %}',
  '{% for tag in tags %}{% if forloop.index == 2 %}{% break %}{% endif %}{{ tag }}{% endfor %}',
  '{% for number in (1..3) %}{{ number }}{% endfor %}',
  '{% for letter in title %}{{ letter }}{% endfor %}{% for one in none %}a{% else %}b{% endfor %}',
  '{% for part in post.date %}{{ part }}{% endfor %}',
  '{% raw %}{{ title }}{% endraw %}',
  '{% cycle "a", "b" %}{% increment title %}',
  '{% liquid\n echo title\n%}',
]

function openBoth() {
  const liquid = new Liquid({
    outputEscape: (value) => escapeHtml(value === null || value === undefined ? '' : [value].flat().join('')),
    strictVariables: true,
    strictFilters: true,
    lenientIf: true,
  })
  return (template: string) => {
    const parsed = liquid.parse(template)
    return {
      slow: () => liquid.renderSync(parsed, VALUES),
      quick: compile(parsed)?.(VALUES) ?? null,
    }
  }
}

describe('a template that is run by ourselves', () => {
  const open = openBoth()

  test.each(QUICK)('says what liquidjs would: %s', (template) => {
    const { slow, quick } = open(template)
    expect(quick).toBe(slow())
  })

  test.each(LEFT)('is left to liquidjs where it may say something else: %s', (template) => {
    const { slow, quick } = open(template)
    expect(quick).toBe(null)
    expect(slow()).toEqual(expect.any(String))
  })

  test.each([
    '{{ tilte }}',
    '{{ post.tilte }}',
    '{{ title.a.b }}',
    '{{ post.title.first }}',
    '{% for a in b %}{% endfor %}',
    '{{ toString }}',
  ])('is left to liquidjs, which tells the mistake: %s', (template) => {
    const { slow, quick } = open(template)
    expect(quick).toBe(null)
    expect(slow).toThrow('undefined variable')
  })

  test("is each of Posthorn's own", () => {
    const folder = new URL('../../templates/', import.meta.url)
    const liquid = new Liquid({ outputEscape: 'escape' })
    for (const name of readdirSync(folder).filter((file) => file.endsWith('.html')))
      expect(compile(liquid.parse(readFileSync(new URL(name, folder), 'utf8'))), name).not.toBe(null)
  })
})
