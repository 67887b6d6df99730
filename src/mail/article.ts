/** A post's article as mails need it: its tree, how it is rendered, and the picture that stands above it. */

import { beginsWithVideo } from '../articles/article.ts'
import type { ArticleOptions } from '../articles/safe-html.ts'
import type { TextOptions } from '../articles/text.ts'
import { readBody } from '../posts/body.ts'
import type { Post } from '../posts/post.ts'
import type { Tree } from '../posts/tree.ts'
import { wordsFor } from '../words/words.ts'
import { paletteOf } from './accent.ts'
import type { Press } from './frame.ts'
import { type LeadPicture, leadPictureOf, showsPicture } from './shown.ts'

export type Article = {
  body: Tree
  /** Without the colours of code, which take time to find out. */
  options: ArticleOptions & TextOptions & { accent: string }
  /** Null where there is none, and where the text shows it itself. */
  image: LeadPicture | null
}

/**
 * Reads the article of a post.
 *
 * @param top the level of its main headings
 */
export function readArticle(post: Post, press: Press, top: 2 | 3 = 2): Article {
  const body = readBody(post)
  const options = {
    url: post.url,
    language: post.language,
    words: wordsFor(post.language).mail,
    image: post.image,
    top,
    accent: paletteOf(press.newsletter.color).light.accent,
    ...(press.pictures && { pictures: press.pictures }),
  }
  return { body, options, image: showsLead(post, body, options) ? null : leadPictureOf(post, press) }
}

/** Whether an article, or what is left of it, shows the post's lead picture: as a picture, or as the poster of a video. */
export function showsLead(post: Post, tree: Tree, options: ArticleOptions): boolean {
  return showsPicture(post, tree) || beginsWithVideo(tree, options)
}
