/** What the pages of the web server say, in one place and one language. Texts are plain: each page escapes them. */
export const WORDS = {
  language: 'en',
  subscribe: {
    title: (site: string) => `Subscribe to ${site}`,
    lead: 'New posts come to you by e-mail. You can leave with one click at any time.',
    address: 'Your e-mail address',
    name: 'Your name (you may leave it empty)',
    leaveEmpty: 'Leave this empty',
    button: 'Subscribe',
    faulty: (fault: string) => `Please look at this again: ${fault}.`,
  },
  asked: {
    title: 'Look into your mailbox',
    sent: (address: string) =>
      `If ${address} is not subscribed yet, a message is on its way to it. Open it and confirm: then new posts will come.`,
    nothingCame:
      'Nothing there after ten minutes? Look into the folder for spam, and whether the address is right. You can ask again tomorrow: one address gets at most one such message a day.',
  },
  confirm: {
    title: 'Confirm your subscription',
    lead: (site: string) => `One more click, and new posts from ${site} come to you by e-mail.`,
    button: 'Yes, subscribe me',
  },
  confirmed: {
    title: 'You are subscribed',
    lead: 'The next new post will come to you. Each message has a link at its end for leaving.',
  },
  notConfirmable: {
    title: 'This link does not work any more',
    lead: 'It confirms a subscription for seven days. It may be older than that, or it was not copied whole.',
    cure: 'Ask for a new one',
  },
  unsubscribe: {
    title: 'Unsubscribe',
    lead: (site: string) => `One click, and no more posts from ${site} come to you.`,
    button: 'Unsubscribe',
  },
  unsubscribed: {
    title: 'You are unsubscribed',
    lead: (site: string) => `No more posts from ${site} will come to you.`,
  },
  test: {
    title: 'This was a test',
    lead: 'The message with this link was sent to try it out. It belongs to no subscription, so there is nothing to end.',
  },
  howToLeave: {
    title: 'How to unsubscribe',
    lead: 'Each message has a link for leaving at its end, made for the one who got it. Open the newest message and use the link there.',
  },
  notFound: {
    title: 'There is nothing here',
    lead: 'The address may have been mistyped, or what was here is gone.',
    cure: 'All posts',
  },
  gone: {
    title: 'This is gone',
    lead: 'What was here has been taken away, and will not come back.',
    cure: 'All posts',
  },
  preview: {
    title: (feed: string) => `The feed of ${feed}`,
    lead: 'This is a feed. A feed reader that knows its address shows you each new post by itself: you need not come and look, and nobody has to know who you are.',
    address: 'Copy this address into your feed reader',
    how: 'No feed reader?',
    mail: 'Let new posts come by e-mail.',
    entries: 'What is in it now',
    untitled: 'A post without a title',
  },
  refused: {
    encoding: 'Accept-Encoding allows nothing that is here: allow identity, gzip or br.',
    other: 'The file is another one by now: ask again without a condition and for all of it.',
    pace: 'You fetch this feed whole too often: send If-None-Match with the ETag that you got, and an unchanged feed costs you nothing.',
  },
  tooLarge: { title: 'That was too much', lead: 'A form here holds a name and an address.' },
  unreadable: {
    title: 'That was not understood',
    lead: 'What your program sent is not a form. Please try again.',
  },
  broken: {
    title: 'Something is broken here',
    lead: 'It is not your fault, and it has been written down. Please try again later.',
  },
} as const
