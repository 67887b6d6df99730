/**
 * The tables, as rows. Times are RFC 3339 in UTC with milliseconds, `2026-11-22T12:44:00.000Z`: of one width, so
 * that they compare as text, and readable in any database shell. Numbers from 0 to 1 stand for false and true.
 */
import type { ColumnType, Generated, GeneratedAlways } from 'kysely'

export type Time = string

export type SubscriberStatus = 'unconfirmed' | 'confirmed' | 'unsubscribed'
export type SubscriberRhythm = 'instant' | 'daily' | 'weekly' | 'monthly' | 'paused'
export type IssueKind = 'single' | 'digest'
export type IssueState = 'planned' | 'held' | 'sending' | 'paused' | 'sent' | 'cancelled'
export type DeliveryKind = 'issue' | 'confirmation' | 'welcome' | 'moved' | 'test'
/**
 * What turned a sign-up away: its address was asked for that day, or as many as may have come from or for the others;
 * `unproved` is any of these others where no work was proved.
 */
export type Cap = 'address' | 'network' | 'domain' | 'site' | 'unproved'
export type DeliveryState = 'queued' | 'sending' | 'sent' | 'failed' | 'skipped' | 'unknown'

export type Schema = {
  settings: { key: string; value: string }

  posts: {
    key: Generated<number>
    /** Permanent. A URI. */
    id: string
    /** Below the posts folder; null once the file is gone. */
    file: string | null
    slug: string
    title: string
    date: Time
    /** The last form of the file that could be read, and its SHA-256. */
    source: string
    hash: string
    modified_at: Time
    first_seen_at: Time
    /** 1 for what was there at the site's first round: never mailed by the schedule. */
    old: number
    /** The order in which posts became ready to be mailed; null before that, and for old posts. */
    sequence: number | null
    /** Which mailing of it is the latest: 1, and more where the author repeats it on purpose. */
    edition: Generated<number>
    /** Why the schedule should not mail it without a look by the author; null where nothing is odd. */
    doubt: string | null
    /** When its file was first found missing. */
    gone_at: Time | null
    /** What readers may follow of it: a JSON list of text, and BCP 47. Null for what no reader is mailed, such as drafts. */
    tags: ColumnType<string | null, string | null | undefined, string | null>
    language: ColumnType<string | null, string | null | undefined, string | null>
  }

  subscribers: {
    id: Generated<number>
    address: string
    /** What addresses are compared by. */
    address_key: string
    name: string
    status: SubscriberStatus
    rhythm: SubscriberRhythm
    /** A JSON list of text. */
    tags: string
    language: string
    /** Empty where they have said none: the site's. */
    time_zone: string
    /** When their digests come, by the clock of their zone: `08:00`, and `Mon` for a weekly one; null as the site's do. */
    hour: ColumnType<string | null, string | null | undefined, string | null>
    weekday: ColumnType<string | null, string | null | undefined, string | null>
    /** Nothing comes before this; what became new meanwhile comes then. */
    paused_until: ColumnType<Time | null, Time | null | undefined, Time | null>
    /** When their next digest is due: `store/schedules.ts`. */
    next_run_at: ColumnType<Time | null, Time | null | undefined, Time | null>
    /** JSON lists of text: the tags and languages of the posts they want; empty for all. */
    followed_tags: ColumnType<string, string | undefined, string>
    followed_languages: ColumnType<string, string | undefined, string>
    created_at: Time
    /** When they were last sent a confirmation; null where they never were. */
    asked_at: ColumnType<Time | null, Time | null | undefined, Time | null>
    confirmed_at: Time | null
    unsubscribed_at: Time | null
    /** The `posts.sequence` up to which this person's rhythm has decided what they get. */
    settled_sequence: number
    /** The import that they came by; null for who came otherwise. */
    import: ColumnType<number | null, number | null | undefined, never>
  }

  consents: {
    id: Generated<number>
    subscriber: number
    at: Time
    /**
     * What the consent was: given on the form, confirmed by link, brought by import, said by the author, withdrawn, the
     * withdrawal taken back, and given at a new address. Which address they came from is not kept for it. `allowed` is
     * none: the author let an address be mailed again that was not to be.
     */
    act: 'asked' | 'confirmed' | 'imported' | 'added' | 'unsubscribed' | 'returned' | 'moved' | 'allowed'
    /** From where: a file name, or a network address cut short. */
    source: string
    words: string
    /** The import that wrote it; null for what the person, or the author, has done here. */
    import: ColumnType<number | null, number | null | undefined, never>
  }

  /** Lists that people came by. */
  imports: {
    number: Generated<number>
    at: Time
    /** The file's name, without its folder. */
    file: string
    /** How many it brought. */
    people: number
    /** While it is being moved in: until when the process that does it is believed to be alive. */
    moving_until: Time | null
    /** When it was taken back. */
    undone_at: Time | null
  }

  /** Readers who want another address, until that is confirmed there, taken back by another wish, or seven days old. */
  moves: {
    subscriber: number
    address: string
    address_key: string
    at: Time
    /** What asks the new address; null where it must not be written to, which nobody is told. */
    delivery: number | null
  }

  /** Numbers of people who turned out to be others that are here: they moved to an address that was on the list. */
  joined: { former: number; subscriber: number }

  /** Who asked to subscribe within the last day, as the caps need it: address, network and domain are keyed hashes. */
  sign_ups: {
    id: Generated<number>
    at: Time
    address: string
    /** Null where it could not be known. */
    network: string | null
    /** Null for one that is not capped. */
    domain: string | null
    /** 1 where the address had been asked for within a day already. */
    repeated: number
    /** 1 where work was proved. */
    proved: number
  }

  /** Challenges of the proof of work whose solution was used, for as long as they are good. */
  solved: { challenge: string; until: Time }

  /** How many sign-ups a cap turned away, by the hour. */
  turned_away: { hour: Time; cap: Cap; count: number }

  suppressions: {
    /** An address as it is compared, or `hmac:` and a keyed hash of it once the person was erased. */
    key: string
    reason: 'bounce' | 'complaint' | 'erased' | 'author'
    at: Time
  }

  issues: {
    number: Generated<number>
    kind: IssueKind
    state: IssueState
    /** The digest's rhythm; null for a single post. */
    rhythm: 'daily' | 'weekly' | 'monthly' | null
    origin: 'schedule' | 'author'
    subject: string
    created_at: Time
    due_at: Time
    sent_at: Time | null
    /** Why it is held or paused. */
    note: string | null
  }

  issue_posts: { issue: number; post: number; edition: number; position: number }

  renditions: {
    id: Generated<number>
    issue: number | null
    kind: DeliveryKind
    /** Keys of the posts it shows, in order, such as `4,7`; null outside of issues. */
    posts: string | null
    language: string
    subject: string
    /** HTML and text with named slots. */
    html: string
    text: string
    created_at: Time
  }

  deliveries: {
    id: Generated<number>
    kind: DeliveryKind
    issue: number | null
    subscriber: number | null
    rendition: number
    address: string
    /** What follows the "@". */
    domain: GeneratedAlways<string>
    name: string
    state: DeliveryState
    /** Not before this time. */
    due_at: Time
    /** The message's Date, the same on every attempt. */
    dated_at: Time
    attempts: number
    /** When it was first tried and not taken: how long that goes on is what a message is given up by. */
    tried_at: Time | null
    /** The process that holds it, and until when. */
    claimed_by: string | null
    claimed_until: Time | null
    /** The transport that has it, or took it; one that stands at a queued delivery is the only one that may. */
    transport: string | null
    /** The server's last words, or why it was skipped. */
    reply: string | null
    settled_at: Time | null
  }

  /** What each person was mailed: the primary key is the promise that a post reaches them once. */
  delivery_posts: { post: number; edition: number; subscriber: number; delivery: number }

  /** What is left alone for a while, or is being watched: a transport, or a domain that mail goes to. */
  brakes: {
    /** `smtp mail.example.org:587`, or `domain example.net`. */
    scope: string
    until: Time | null
    /** The server's words. */
    reason: string
    /** How often in a row it was left alone: each time for longer. */
    times: number
    /** Since it is being watched. */
    refused: number
    accepted: number
  }

  /** Refusals that say something about an address, kept until they say enough. */
  bounces: {
    id: Generated<number>
    address_key: string
    kind: 'hard' | 'maybe' | 'full'
    issue: number | null
    at: Time
    reply: string
  }

  /** How many messages went, by transport or `transport domain`, in slices of each limit's span. */
  allowances: { scope: string; span: string; bucket: number; count: number }

  /** What a WebSub hub knows of each feed, and what it is to be told. */
  pings: {
    /** The feed's address, as readers have it. */
    topic: string
    /** SHA-256 of the version that the hub was told of last; null where it never was. */
    told: string | null
    /** The version that it is to be told of; null where it knows the latest. */
    wanted: string | null
    /** How long the latest version is. */
    bytes: number
    /** Since when there has been something to tell. */
    since: Time | null
    /** Not before this time. */
    due_at: Time
    /** How often the wanted version was looked for at its address without the hub being told. */
    looks: number
    /** The process that is telling it, and until when that is believed. */
    claimed_by: string | null
    claimed_until: Time | null
  }

  /** Hubs that took no ping the last time; one that does has no row. */
  hubs: {
    address: string
    /** When it first did not. */
    since: Time
    /** Not before this time. */
    until: Time
    /** Its words. */
    reason: string
    /** How often in a row. */
    times: number
  }
}
