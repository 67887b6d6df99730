/** What lists say of posts and of channels. */
import type { Channel } from '../feeds/channel.ts'
import type { Post } from '../posts/post.ts'
import type { ShowDate } from './date.ts'

/** A post as a list of posts has it. */
export type Listed = {
  title: string
  url: string
  summary: string
  language: string
  date: { iso: string; text: string }
}

export function listed({ title, url, summary, language, date }: Post, own: string, show: ShowDate): Listed {
  return { title, url, summary, language, date: show(date, own) }
}

/** What a page calls a channel: a language by its own name for itself. */
export function titleOf({ kind, name }: Pick<Channel, 'kind' | 'name'>): string {
  return kind === 'language'
    ? (new Intl.DisplayNames([name, 'en'], { type: 'language' }).of(name) ?? name)
    : name
}

/** The language that a channel's title is in, where it is another than the page's. */
export function nameLanguage({ kind, name }: Pick<Channel, 'kind' | 'name'>): string | null {
  return kind === 'language' ? name : null
}
