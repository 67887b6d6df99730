import { join } from 'node:path'

export const CORPUS = join(import.meta.dirname, '../../../shared/corpus/nodejs-blog')

/** What is found in real posts, and why it is right that it is. */
export const UNSPOILT_BUT: Record<string, string> = {
  'link-https': 'posts from before 2016 link to http, and some of these sites answer to nothing else by now',
  'link-words': '"here" is what these links say',
  'picture-file': 'an SVG from elsewhere becomes a link; that blog has its pictures in folders of its own',
  cut: 'one post is many times longer than a mail can be',
  'picture-words': 'two pictures have no words',
}
