import { expect, test } from 'vitest'
import { elsewhere } from '../../src/articles/elsewhere.ts'

test.each([
  ['https://www.youtube.com/watch?v=dQw4w9WgXcQ&t=42s', 'https://www.youtube.com/watch?v=dQw4w9WgXcQ&t=42s'],
  ['https://m.youtube.com/shorts/dQw4w9WgXcQ', 'https://www.youtube.com/watch?v=dQw4w9WgXcQ'],
  [
    'https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ?rel=0&start=9',
    'https://www.youtube.com/watch?v=dQw4w9WgXcQ&t=9',
  ],
  ['https://youtu.be/dQw4w9WgXcQ', 'https://www.youtube.com/watch?v=dQw4w9WgXcQ'],
  ['https://player.vimeo.com/video/123456?dnt=1', 'https://vimeo.com/123456'],
  ['https://vimeo.com/123456', 'https://vimeo.com/123456'],
  [
    'https://tube.example/videos/embed/9c9de5e8-0a1e-484a-b099-e80766180a6d',
    'https://tube.example/videos/watch/9c9de5e8-0a1e-484a-b099-e80766180a6d',
  ],
  ['https://garden.example/talk.mp4', 'https://garden.example/talk.mp4'],
])('%s is a video', (address, href) => {
  expect(elsewhere(address)).toMatchObject({ kind: 'video', href })
})

test.each([
  ['https://twitter.com/ada/status/1234567890', '@ada'],
  ['https://x.com/ada/status/1234567890?s=20', '@ada'],
  ['https://mastodon.example/@ada/112233445566778899', '@ada'],
  ['https://mastodon.example/@ada@other.example/112233445566778899/embed', '@ada@other.example'],
  ['https://mastodon.example/users/ada/statuses/112233445566778899', '@ada'],
  ['https://bsky.app/profile/ada.example.org/post/3kabc', '@ada.example.org'],
  ['https://www.threads.net/@ada/post/Cabc', '@ada'],
])('%s is a short message', (address, author) => {
  expect(elsewhere(address)).toMatchObject({ kind: 'post', author })
})

test.each([
  'https://www.youtube.com/@ada',
  'https://www.youtube.com/playlist?list=PLabcdef',
  'https://vimeo.com/ada',
  'https://twitter.com/ada',
  'https://garden.example/watch?v=dQw4w9WgXcQ',
  'https://garden.example/w/short',
  'https://medium.example/@ada/how-tomatoes-grow-123456',
])('%s is a page like others', (address) => {
  expect(elsewhere(address).kind).toBe('page')
})

test('sound is told by its file or its host', () => {
  for (const address of ['https://garden.example/bees.mp3', 'https://open.spotify.com/embed/episode/4abc'])
    expect(elsewhere(address).kind).toBe('audio')
})
