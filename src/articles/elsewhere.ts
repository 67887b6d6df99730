/** What stands behind an address on another site, as far as the address tells: nothing is asked there. */

export type Elsewhere = {
  kind: 'video' | 'audio' | 'post' | 'page'
  /** Where a person goes to see it. */
  href: string
  /** Of the site, without www. */
  host: string
  /** Of a post, as the site writes it. */
  author: string
}

const VIDEO_FILE = /\.(mp4|m4v|mov|ogv|webm)$/i
const AUDIO_FILE = /\.(mp3|m4a|oga|ogg|opus|wav|flac|aac)$/i
const AUDIO_HOST = /(^|\.)(soundcloud\.com|spotify\.com|bandcamp\.com|podcasts\.apple\.com)$/

/**
 * @param address absolute, http or https
 * @returns with the address of the page in place of that of a player
 */
export function elsewhere(address: string): Elsewhere {
  const url = new URL(address)
  const host = url.host.replace(/^(www|m|mobile|music|player)\./, '')
  const found = (kind: Elsewhere['kind'], page = url.href, shown = host, author = '') => {
    return { kind, href: page, host: shown, author }
  }

  const tube = youTube(url, host)
  if (tube !== null) return found('video', tube, 'youtube.com')
  const vimeo = host === 'vimeo.com' && url.pathname.match(/^\/(?:video\/)?(\d+)/)?.[1]
  if (vimeo)
    return found('video', url.pathname.startsWith('/video/') ? `https://vimeo.com/${vimeo}` : url.href)
  // PeerTube runs on any host, so its paths tell it: a long name behind /w/ or /videos/.
  const peer = url.pathname.match(/^\/(?:w|videos\/(?:watch|embed))\/([\w-]{20,})$/)?.[1]
  if (peer)
    return found('video', url.pathname.includes('/embed/') ? `${url.origin}/videos/watch/${peer}` : url.href)
  if (VIDEO_FILE.test(url.pathname) || /(^|\.)(dailymotion\.com|twitch\.tv)$/.test(host))
    return found('video')
  if (AUDIO_FILE.test(url.pathname) || AUDIO_HOST.test(host)) return found('audio')

  const author = postAuthor(url, host)
  return author === null ? found('page') : found('post', url.href.replace(/\/embed\/?$/, ''), host, author)
}

function youTube(url: URL, host: string): string | null {
  const id =
    host === 'youtu.be'
      ? url.pathname.slice(1)
      : /^youtube(-nocookie)?\.com$/.test(host)
        ? (url.pathname.match(/^\/(?:embed|shorts|live)\/([\w-]+)/)?.[1] ?? url.searchParams.get('v'))
        : null
  if (!id || !/^[\w-]{6,}$/.test(id) || id === 'videoseries') return null
  const from = url.searchParams.get('t') ?? url.searchParams.get('start')
  return `https://www.youtube.com/watch?v=${id}${from && /^\w+$/.test(from) ? `&t=${from}` : ''}`
}

/** Who wrote a short message, from its address on X, Bluesky, Threads, or Mastodon, which is on any host. */
function postAuthor({ pathname }: URL, host: string): string | null {
  const name =
    (/^(twitter|x)\.com$/.test(host) && pathname.match(/^\/(\w+)\/status\/\d+/)?.[1]) ||
    (host === 'bsky.app' && pathname.match(/^\/profile\/([\w.:-]+)\/post\/\w+/)?.[1]) ||
    (/^threads\.(net|com)$/.test(host) && pathname.match(/^\/@([\w.]+)\/post\/[\w-]+/)?.[1]) ||
    pathname.match(/^\/@([\w.-]+(?:@[\w.-]+)?)\/\d{6,}(?:\/embed)?\/?$/)?.[1] ||
    pathname.match(/^\/users\/([\w.-]+)\/statuses\/\d{6,}/)?.[1]
  return name ? `@${name}` : null
}
