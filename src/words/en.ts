/** What Posthorn says by itself, in English: the catalogue that the others are held to. */
export const english = {
  /** BCP 47: what a screen reader speaks these words in. */
  language: 'en',
  /** What a message says, for its HTML and its text part alike, so that both say the same. */
  mail: {
    viewInBrowser: 'View in the browser',
    readOn: (title: string) => `Read on: ${title}`,
    newPost: (site: string, date: string) =>
      `A new post on ${site}, ${date}. Read it here or in your browser.`,
    newPosts: (count: number) => (count === 1 ? 'One new post' : `${count} new posts`),
    digestSubject: (site: string, newest: string, others: number) =>
      others === 0 ? `${site}: ${newest}` : `${site}: ${newest} and ${others} more`,
    alsoNew: 'Also new',
    andMore: (count: number, site: string) =>
      count === 1 ? `And one more post on ${site}` : `And ${count} more posts on ${site}`,
    tooLong: 'This post is longer than a mail can be. The rest is in the browser.',
    reason: (site: string) => `You get this because you subscribed to ${site}.`,
    unsubscribe: 'Unsubscribe',
    notes: 'Notes',
    links: 'Links',
    note: (number: number) => `note ${number}`,
    picture: (alt: string) => (alt === '' ? 'Picture' : `Picture: ${alt}`),
    video: (host: string) => `Watch the video on ${host}`,
    audio: (host: string) => `Listen on ${host}`,
    confirmSubject: (site: string) => `Please confirm your subscription to ${site}`,
    confirmTitle: 'One more click',
    confirmLead: (site: string, address: string) =>
      `Somebody, we hope you, asked us to send new posts from ${site} to ${address}.`,
    confirmButton: 'Confirm my subscription',
    confirmByAddress: 'Or open this address:',
    confirmIgnore: 'If it was not you, there is nothing to do: without a confirmation no posts will come.',
    confirmPreheader: (site: string) => `Confirm your address, and new posts from ${site} will come to you.`,
  },
}
