/**
 * A Hugo site that gives readers what Posthorn gives them, as far as it can: a page for each post, a list, tag pages,
 * a sitemap, and a feed of RSS for the site and each tag. The templates are as plain as they can be.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** @param content the folder above `posts`, as seen from the site */
export function writeHugoSite(folder: string, content: string, entries: number): void {
  const config = {
    baseURL: 'https://blog.example/',
    title: 'A test blog',
    languageCode: 'en',
    contentDir: content,
    publishDir: 'public',
    // Else it is in a folder that all sites share, and a cold build would not be one.
    cacheDir: join(folder, 'cache'),
    taxonomies: { tag: 'tags' },
    // A list of the folder `posts` would be the list of all once more.
    disableKinds: ['section'],
    outputs: { home: ['HTML', 'RSS'], term: ['HTML', 'RSS'], taxonomy: ['HTML'] },
    services: { rss: { limit: entries } },
    // As Posthorn does: code in colours, by classes.
    markup: { highlight: { codeFences: true, noClasses: false } },
  }
  const layouts = join(folder, 'layouts', '_default')
  mkdirSync(layouts, { recursive: true })
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config))
  writeFileSync(
    join(layouts, 'baseof.html'),
    `<!doctype html>
<html lang="{{ site.LanguageCode }}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ .Title }}</title>
<link rel="canonical" href="{{ .Permalink }}">
<link rel="alternate" type="application/rss+xml" href="/index.xml">
</head>
<body>
<header><a href="/">{{ site.Title }}</a></header>
<main>{{ block "main" . }}{{ end }}</main>
</body>
</html>
`,
  )
  writeFileSync(
    join(layouts, 'single.html'),
    `{{ define "main" }}<article>
<h1>{{ .Title }}</h1>
<p><time datetime="{{ .Date.Format "2006-01-02" }}">{{ .Date.Format "2 January 2006" }}</time></p>
{{ .Content }}
<ul>{{ range .GetTerms "tags" }}<li><a href="{{ .RelPermalink }}">{{ .LinkTitle }}</a></li>{{ end }}</ul>
</article>{{ end }}
`,
  )
  writeFileSync(
    join(layouts, 'list.html'),
    `{{ define "main" }}{{ $pages := .Pages }}{{ if .IsHome }}{{ $pages = site.RegularPages }}{{ end -}}
<h1>{{ .Title }}</h1>
{{ range first ${entries} $pages }}<article>
<h2><a href="{{ .RelPermalink }}">{{ .Title }}</a></h2>
<p>{{ .Summary }}</p>
</article>{{ end }}
<ul>{{ range after ${entries} $pages }}
<li><time>{{ .Date.Format "2 January 2006" }}</time> <a href="{{ .RelPermalink }}">{{ .Title }}</a></li>{{ end }}
</ul>{{ end }}
`,
  )
  writeFileSync(
    join(layouts, 'terms.html'),
    `{{ define "main" }}<h1>{{ .Title }}</h1>
<ul>{{ range .Pages }}<li><a href="{{ .RelPermalink }}">{{ .Title }}</a></li>{{ end }}</ul>{{ end }}
`,
  )
  // Hugo's own writes summaries: readers of a feed want to read.
  writeFileSync(
    join(layouts, 'rss.xml'),
    `{{ $pages := .Pages }}{{ if .IsHome }}{{ $pages = site.RegularPages }}{{ end -}}
{{ printf "<?xml version=\\"1.0\\" encoding=\\"utf-8\\" standalone=\\"yes\\"?>" | safeHTML }}
<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom">
<channel>
<title>{{ .Title }}</title>
<link>{{ .Permalink }}</link>
<description>{{ .Title }}</description>
<language>{{ site.LanguageCode }}</language>
<lastBuildDate>{{ .Date.Format "Mon, 02 Jan 2006 15:04:05 -0700" }}</lastBuildDate>
{{ with .OutputFormats.Get "RSS" }}<atom:link href="{{ .Permalink }}" rel="self" type="application/rss+xml" />{{ end }}
{{ range first site.Config.Services.RSS.Limit $pages }}<item>
<title>{{ .Title }}</title>
<link>{{ .Permalink }}</link>
<pubDate>{{ .Date.Format "Mon, 02 Jan 2006 15:04:05 -0700" }}</pubDate>
<guid>{{ .Permalink }}</guid>
<description>{{ .Content | html }}</description>
</item>
{{ end }}</channel>
</rss>
`,
  )
}
