/** What Posthorn says by itself, in English: the catalogue that the others are held to. All of it is plain text. */
import { grammarOf } from './grammar.ts'

const { plural, number } = grammarOf<'one'>('en')

/** What every catalogue has to say. */
export type Words = typeof english

export const english = {
  /** BCP 47: what a screen reader speaks these words in. */
  language: 'en',
  /** What a message says, for its HTML and its text part alike, so that both say the same. */
  mail: {
    viewInBrowser: 'View in the browser',
    readOn: (title: string) => `Read on: ${title}`,
    newPost: (site: string, date: string) =>
      `A new post on ${site}, ${date}. Read it here or in your browser.`,
    newPosts: (count: number) => plural(count, { one: 'One new post', other: `${number(count)} new posts` }),
    digestSubject: (site: string, newest: string, others: number) =>
      others === 0 ? `${site}: ${newest}` : `${site}: ${newest} and ${number(others)} more`,
    /** Above the titles of a digest's further posts. */
    more: (count: number) => plural(count, { one: 'And one more', other: `And ${number(count)} more` }),
    andMore: (count: number, site: string) =>
      plural(count, {
        one: `And one more post on ${site}`,
        other: `And ${number(count)} more posts on ${site}`,
      }),
    tooLong: 'This post is longer than a mail can be. The rest is in the browser.',
    reason: (site: string) => `You get this because you subscribed to ${site}.`,
    unsubscribe: 'Unsubscribe',
    preferences: 'Preferences',
    notes: 'Notes',
    links: 'Links',
    note: (number: number) => `note ${number}`,
    picture: (alt: string) => (alt === '' ? 'Picture' : `Picture: ${alt}`),
    video: (host: string) => `Watch the video on ${host}`,
    audio: (host: string) => `Listen on ${host}`,
    /** What cannot be in a mail, such as a map or a form. */
    embedded: (host: string) => `See it on ${host}`,
    /** A short message of somebody's on another site. */
    said: (author: string) => `A post by ${author}`,
    seePost: (host: string) => `See the post on ${host}`,
    confirmSubject: (site: string) => `Please confirm your subscription to ${site}`,
    confirmTitle: 'One more click',
    confirmLead: (site: string, address: string) =>
      `Somebody, we hope you, asked us to send new posts from ${site} to ${address}.`,
    confirmButton: 'Confirm my subscription',
    confirmByAddress: 'Or open this address:',
    confirmIgnore: 'If it was not you, there is nothing to do: without a confirmation no posts will come.',
    confirmPreheader: (site: string) => `It takes one click, and new posts from ${site} will come to you.`,
    moveSubject: (site: string) => `Please confirm your new address for ${site}`,
    moveTitle: 'Confirm your new address',
    moveLead: (site: string, address: string) =>
      `Somebody, we hope you, asked us to send new posts from ${site} to ${address} from now on, and no longer to another address.`,
    moveButton: 'Confirm my new address',
    moveIgnore: 'If it was not you, there is nothing to do: without a confirmation nothing will come here.',
    movePreheader: (site: string) =>
      `It takes one click, and new posts from ${site} will come to this address.`,
    movedSubject: (site: string) => `Your address for ${site} was changed`,
    movedTitle: 'Your address was changed',
    movedLead: (site: string, address: string) =>
      `New posts from ${site} came to ${address} until now. From now on they go to another address, where this was confirmed.`,
    movedButton: 'See my subscription',
    movedIgnore:
      'If it was you, there is nothing to do. If not, somebody had the link of one of your messages: change your address back on the page behind this one.',
    movedPreheader: (site: string) =>
      `If it was not you, this link brings new posts from ${site} back to you.`,
    welcomeSubject: (site: string) => `Welcome to ${site}`,
    welcomeTitle: 'Welcome',
    welcomeLead: (site: string) =>
      `You are subscribed to ${site}. New posts will come to this address, as often as you chose: each as soon as it is out, or several in one message.`,
    welcomeChange:
      'If that is too much or too little, change it at any time under “Preferences” below, where you can also pause. To leave, one click on “Unsubscribe” is enough; every message has both links at its end.',
    /** Above the newest posts. */
    welcomeNewest: 'To begin with, the newest posts:',
    welcomePreheader: (site: string) => `What will come from ${site}, how often, and how you change that.`,
  },
  /** What the frame of all pages says, and the posts and lists in it. */
  pages: {
    allPosts: 'All posts',
    by: 'by',
    updated: 'Updated',
    /** Between two names of several. */
    comma: ', ',
    tags: 'Tags',
    /** Before the tags of a post. */
    taggedWith: 'Tags:',
    authors: 'Authors',
    languages: 'Languages',
    feeds: 'Feeds',
    allFeeds: 'All feeds, for your reader (OPML)',
    noPosts: 'No posts yet.',
    older: 'Older posts',
    subscribe: 'Subscribe',
    invitation: 'New posts can come to you by e-mail, as often as you like.',
    address: 'E-mail address',
    leaveEmpty: 'Leave this empty',
  },
  /** What the pages of the web server say, on which people come and go. */
  web: {
    subscribe: {
      title: (site: string) => `Subscribe to ${site}`,
      lead: 'New posts come to you by e-mail. You can leave with one click at any time.',
      address: 'Your e-mail address',
      name: 'Your name (you may leave it empty)',
      button: 'Subscribe',
      /** While the proof of work is not done yet. */
      wait: 'One moment, please. Your device does a small sum, so that nobody can flood mailboxes with this form.',
      faulty: (fault: string) => `Please look at this again: ${fault}.`,
    },
    /** What is wrong with an address, a name or a day; these go on from "…; " and "…: ". */
    faults: {
      empty: 'write an address such as ada@example.org',
      control: 'it holds a line break or another control character',
      shape: 'it needs a name, one "@" and a domain, as in ada@example.org',
      several: 'it has more than one "@"; write one address',
      bare: 'write one bare address, without a name, comma, space or < >',
      letters: 'the part before "@" has letters that not every mail server takes; ask for another address',
      characters: 'the part before "@" may hold letters, digits, single dots and !#$%&\'*+/=?^_`{|}~-',
      longLocal: (most: number) => `the part before "@" is longer than ${number(most)} characters`,
      domain: 'the part after "@" is not a domain, such as example.org',
      long: (most: number) => `it is longer than ${number(most)} characters`,
      day: 'write a day that exists, such as 2026-12-24',
      pastDay: 'choose a day after today',
      farDay: 'choose a day within the next two years',
    },
    asked: {
      title: 'Look into your mailbox',
      sent: (address: string) =>
        `If ${address} is not subscribed yet, a message is on its way to it. Open it and confirm: then new posts will come.`,
      nothingCame:
        'Nothing there after ten minutes? Look into the folder for spam, and whether the address is right. You can ask again tomorrow: one address gets at most one such message a day, and when very many ask at once, some get theirs only then.',
    },
    confirm: {
      title: 'Confirm your subscription',
      lead: (site: string) => `One more click, and new posts from ${site} come to you by e-mail.`,
      button: 'Yes, subscribe me',
    },
    confirmed: {
      title: 'You are subscribed',
      lead: 'The next new post will come to you. At the end of each message you can choose how often, and leave.',
      choose: 'Choose how often, and which posts',
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
      mistake: 'Was it a mistake? For seven days you can take it back, and everything is as it was.',
      undo: 'Subscribe me again',
    },
    /** After they took it back that they left, and where they cannot any more. */
    returned: {
      title: 'You are subscribed again',
      lead: (site: string) => `New posts from ${site} come to you as before.`,
    },
    notReturnable: {
      title: 'This cannot be taken back here any more',
      lead: 'Leaving can be taken back for seven days. It may be longer ago than that, or the page was an old one.',
      cure: 'Subscribe again',
    },
    test: {
      title: 'This was a test',
      lead: 'The message with this link was sent to try it out. It belongs to no subscription, so there is nothing to end.',
    },
    howToLeave: {
      title: 'How to unsubscribe',
      lead: 'Each message has a link for leaving at its end, made for the one who got it. Open the newest message and use the link there.',
    },
    preferences: {
      title: 'Your subscription',
      lead: (site: string) =>
        `How new posts from ${site} come to you. A change holds at once; what is on its way already still comes.`,
      rhythm: 'How often',
      instant: 'Each post at once',
      daily: 'Once a day, all in one message',
      weekly: 'Once a week, all in one message',
      monthly: 'Once a month, all in one message',
      paused: 'Not for now',
      until: 'Until this day (empty: until you choose again)',
      when: 'When daily, weekly and monthly messages come',
      hour: 'Hour',
      weekday: 'Day of the week, for once a week',
      timeZone: 'Time zone',
      /** The first choice of these three: what the site has set. */
      asSite: (setting: string) => `As the blog does (${setting})`,
      clocks:
        'When clocks change, an hour that is skipped comes right after the gap, and one that comes twice counts the first time.',
      next: (moment: string) => `Your next message: ${moment}`,
      tags: 'Only some tags? (Tick none for all posts)',
      postLanguages: 'Only some languages? (Tick none for all posts)',
      you: 'Name and language',
      name: 'Your name (you may leave it empty)',
      language: 'Language of what we say around the posts',
      button: 'Save',
      leave: 'Unsubscribe',
    },
    /** After saving: what holds from now on. */
    preferencesSaved: {
      title: 'Saved',
      instant: 'Each new post comes to you as soon as it is out.',
      daily: 'New posts come to you once a day, all in one message.',
      weekly: 'New posts come to you once a week, all in one message.',
      monthly: 'New posts come to you once a month, all in one message.',
      paused:
        'Nothing comes to you for now. What you have not had comes when you choose another rhythm here.',
      /** Until a day, by what they wanted before. */
      pausedUntil: {
        instant: (date: string) =>
          `Nothing comes until ${date}; then what was published meanwhile in one message, and each post at once again.`,
        daily: (date: string) =>
          `Nothing comes until ${date}; then once a day again, with what was published meanwhile.`,
        weekly: (date: string) =>
          `Nothing comes until ${date}; then once a week again, with what was published meanwhile.`,
        monthly: (date: string) =>
          `Nothing comes until ${date}; then once a month again, with what was published meanwhile.`,
      },
      /** What they follow: all, or posts that have one of these. */
      all: 'You follow all posts.',
      tags: (names: string) => `You follow only posts with these tags: ${names}.`,
      postLanguages: (names: string) => `You follow only posts in these languages: ${names}.`,
    },
    notSubscribed: {
      title: 'You are not subscribed',
      lead: (site: string) => `No posts from ${site} come to you, so there is nothing to change.`,
      cure: 'Subscribe again',
    },
    newAddress: {
      link: 'Change your e-mail address',
      title: 'Your e-mail address',
      lead: (site: string, address: string) => `New posts from ${site} come to ${address}.`,
      how: 'A message goes to the new address. Until you confirm there, everything comes to the old one. What you have chosen goes along, and no post comes twice.',
      /** Where they have asked for an address that did not answer yet. */
      pending: (address: string) =>
        `You have asked for ${address}, and that has not been confirmed there yet. If you ask for another now, only that one counts.`,
      label: 'Your new e-mail address',
      same: (address: string) => `New posts come to ${address} already.`,
      button: 'Change address',
      back: 'Back to your subscription',
    },
    moveAsked: {
      title: 'Look into your new mailbox',
      sent: (address: string) =>
        `If we may write to ${address}, a message is on its way to it. Open it within seven days and confirm: then new posts come there.`,
      until: (address: string) => `Until then everything comes to ${address} as before.`,
      nothingCame:
        'Nothing there after ten minutes? Look into the folder for spam, and whether the address is right. You can ask again tomorrow: one address gets at most one such message a day, and when very many ask at once, some get theirs only then.',
    },
    /** What the link in the message to the new address opens. */
    move: {
      title: 'Confirm your new address',
      lead: (site: string) =>
        `One more click, and new posts from ${site} come to the address that got this message, and no longer to the old one.`,
      button: 'Yes, send them here',
    },
    moved: {
      title: 'Your address has changed',
      lead: (site: string, address: string) => `New posts from ${site} come to ${address} from now on.`,
    },
    notMovable: {
      title: 'This link does not work any more',
      lead: 'It confirms a new address for seven days. It may be older than that, another address was asked for since, the subscription has ended, or the link was not copied whole. Nothing was changed.',
      how: 'To ask again, open the newest message that you got from us, and then “Preferences” at its end. If there is none, subscribe with the new address.',
      cure: 'Subscribe',
    },
    /** What the law gives everybody, at the end of the page of their subscription. */
    rights: {
      title: 'What is kept about you',
      download: 'Download everything that is kept about you (a JSON file)',
      erase: 'Erase my data',
    },
    erase: {
      title: 'Erase what is kept about you',
      lead: (site: string) =>
        `Your address, your name, what you agreed to and the list of what you were sent by ${site} are erased at once. Nothing more comes to you, not even what is queued already, and no link in your messages opens your subscription again.`,
      stays:
        'One thing stays: a hash of your address, made with a secret key, from which nobody can read it. It stops old lists from bringing you back, and you cannot subscribe here with this address again either.',
      instead: 'It cannot be undone. If you only want no more posts, it is enough to unsubscribe.',
      button: 'Erase my data for good',
      back: 'Back to your subscription',
    },
    erased: {
      title: 'Your data is erased',
      lead: (site: string) =>
        `${site} keeps nothing about you now but the hash that stops old lists from bringing you back. This page cannot be opened again.`,
    },
    howToChange: {
      title: 'How to change your subscription',
      lead: 'Each message has a link for this at its end, made for the one who got it. Open the newest message and use the link there.',
    },
    notFound: {
      title: 'There is nothing here',
      lead: 'The address may have been mistyped, or what was here is gone.',
    },
    gone: {
      title: 'This is gone',
      lead: 'What was here has been taken away, and will not come back.',
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
    tooLarge: { title: 'That was too much', lead: 'A form here holds a name and an address.' },
    unreadable: {
      title: 'That was not understood',
      lead: 'What your program sent is not a form. Please try again.',
    },
    broken: {
      title: 'Something is broken here',
      lead: 'It is not your fault, and it has been written down. Please try again later.',
    },
  },
}
