import { type Extension, Feed as Generator } from 'feed'
import type { Feed, FeedAuthor, Media } from './feed.ts'

/**
 * The feed as JSON Feed 1.1. `feed` writes version 1; its extensions are keys of the object they stand in, and
 * overwrite its own. Text goes in as it is, for `JSON.stringify` escapes it.
 */
export function renderJson(feed: Feed): string {
  const json = new Generator({
    title: feed.title,
    link: feed.url,
    description: feed.description,
    // JSON Feed 1.1: it "serves as the unique identifier for the feed", so an archive names the one it is part of.
    feedLinks: { json: feed.history.current.json },
  })
  json.addExtension(key('version', 'https://jsonfeed.org/version/1.1'))
  json.addExtension(key('language', feed.language))
  json.addExtension(key('authors', [person(feed.author)]))
  if (feed.hub) json.addExtension(key('hubs', [{ type: 'WebSub', url: feed.hub }]))
  if (feed.history.previous) json.addExtension(key('next_url', feed.history.previous.json))
  for (const entry of feed.entries) {
    json.addItem({
      id: entry.id,
      title: entry.title,
      link: entry.url,
      published: entry.published,
      date: entry.updated,
      content: entry.html,
      category: entry.tags.map((tag) => ({ name: tag })),
      ...(entry.image ? { image: entry.image } : {}),
      extensions: [
        // As `description` it would be left out of an item without content.
        ...(entry.summary ? [key('summary', entry.summary)] : []),
        ...(entry.authors.length > 0 ? [key('authors', entry.authors.map(person))] : []),
        ...(entry.language === feed.language ? [] : [key('language', entry.language)]),
        ...(entry.media.length > 0 ? [key('attachments', entry.media.map(attachment))] : []),
      ],
    })
  }
  return `${json.json1()}\n`
}

// The types of `feed` want an object; what it does with it is `item[name] = objects`.
function key(name: string, value: unknown): Extension {
  return { name, objects: value as Extension['objects'] }
}

function attachment({ url, type, length, duration, title }: Media) {
  return {
    url,
    mime_type: type,
    ...(title === null ? {} : { title }),
    size_in_bytes: length,
    ...(duration === null ? {} : { duration_in_seconds: duration }),
  }
}

function person(author: FeedAuthor) {
  return author.url ? { name: author.name, url: author.url } : { name: author.name }
}
