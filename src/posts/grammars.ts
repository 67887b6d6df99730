/**
 * The languages that code is coloured in, and the grammar of each. A grammar is read when the first block in its
 * language is: all together they are several megabytes, and most sites write in three.
 */
import type { LanguageRegistration } from '@shikijs/core'

/** A grammar with those of the languages that stand inside of it, its own last. */
type Load = () => Promise<{ default: LanguageRegistration[] }>

const GRAMMARS = {
  bash: () => import('@shikijs/langs/bash'),
  c: () => import('@shikijs/langs/c'),
  clojure: () => import('@shikijs/langs/clojure'),
  console: () => import('@shikijs/langs/console'),
  cpp: () => import('@shikijs/langs/cpp'),
  csharp: () => import('@shikijs/langs/csharp'),
  css: () => import('@shikijs/langs/css'),
  diff: () => import('@shikijs/langs/diff'),
  dockerfile: () => import('@shikijs/langs/dockerfile'),
  elixir: () => import('@shikijs/langs/elixir'),
  go: () => import('@shikijs/langs/go'),
  graphql: () => import('@shikijs/langs/graphql'),
  haskell: () => import('@shikijs/langs/haskell'),
  html: () => import('@shikijs/langs/html'),
  ini: () => import('@shikijs/langs/ini'),
  java: () => import('@shikijs/langs/java'),
  javascript: () => import('@shikijs/langs/javascript'),
  json: () => import('@shikijs/langs/json'),
  jsonc: () => import('@shikijs/langs/jsonc'),
  jsx: () => import('@shikijs/langs/jsx'),
  kotlin: () => import('@shikijs/langs/kotlin'),
  lua: () => import('@shikijs/langs/lua'),
  makefile: () => import('@shikijs/langs/makefile'),
  markdown: () => import('@shikijs/langs/markdown'),
  nginx: () => import('@shikijs/langs/nginx'),
  perl: () => import('@shikijs/langs/perl'),
  php: () => import('@shikijs/langs/php'),
  powershell: () => import('@shikijs/langs/powershell'),
  python: () => import('@shikijs/langs/python'),
  r: () => import('@shikijs/langs/r'),
  ruby: () => import('@shikijs/langs/ruby'),
  rust: () => import('@shikijs/langs/rust'),
  scala: () => import('@shikijs/langs/scala'),
  scss: () => import('@shikijs/langs/scss'),
  sql: () => import('@shikijs/langs/sql'),
  svelte: () => import('@shikijs/langs/svelte'),
  swift: () => import('@shikijs/langs/swift'),
  toml: () => import('@shikijs/langs/toml'),
  tsx: () => import('@shikijs/langs/tsx'),
  typescript: () => import('@shikijs/langs/typescript'),
  vue: () => import('@shikijs/langs/vue'),
  xml: () => import('@shikijs/langs/xml'),
  yaml: () => import('@shikijs/langs/yaml'),
} satisfies Record<string, Load>

export type Language = keyof typeof GRAMMARS

/** What else authors write behind the fence. */
const ALIASES: Record<Language, string[]> = {
  bash: ['sh', 'shell', 'zsh'],
  c: ['h'],
  clojure: ['clj'],
  console: ['shellsession', 'shell-session', 'sh-session'],
  cpp: ['c++', 'cc', 'hpp'],
  csharp: ['cs', 'c#'],
  css: [],
  diff: ['patch'],
  dockerfile: ['docker'],
  elixir: ['ex', 'exs'],
  go: ['golang'],
  graphql: ['gql'],
  haskell: ['hs'],
  html: ['htm'],
  ini: ['cfg', 'conf', 'properties'],
  java: [],
  javascript: ['js', 'mjs', 'cjs', 'node'],
  json: [],
  jsonc: ['json5'],
  jsx: [],
  kotlin: ['kt', 'kts'],
  lua: [],
  makefile: ['make'],
  markdown: ['md'],
  nginx: [],
  perl: ['pl'],
  php: [],
  powershell: ['ps1', 'pwsh'],
  python: ['py'],
  r: [],
  ruby: ['rb'],
  rust: ['rs'],
  scala: [],
  scss: [],
  sql: [],
  svelte: [],
  swift: [],
  toml: [],
  tsx: [],
  typescript: ['ts', 'mts', 'cts'],
  vue: [],
  xml: ['svg', 'rss', 'atom'],
  yaml: ['yml'],
}

const NAMES = new Map(
  Object.entries(ALIASES).flatMap(([language, others]) =>
    [language, ...others].map((name) => [name, language as Language]),
  ),
)

/** The language that an author means; null for one that stays as it is. */
export function languageOf(written: string): Language | null {
  return NAMES.get(written.toLowerCase()) ?? null
}

export async function readGrammar(language: Language): Promise<LanguageRegistration[]> {
  return (await GRAMMARS[language]()).default
}
