import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/**
 * The history of the tables. Order is everything: add at the end, never change what is above. There is no way back
 * down: dropped data would not return, so an older Posthorn refuses a newer database instead.
 */
export const migrations: Record<string, Migration> = {
  '0001-first-tables': { up: firstTables },
  '0002-limits-and-brakes': { up: limitsAndBrakes },
  '0003-pings': { up: pings },
  '0004-sign-ups': { up: signUps },
  '0005-rhythms': { up: rhythms },
  '0006-solved': { up: solved },
  '0007-moves': { up: moves },
  '0008-imports': { up: imports },
  '0009-topics': { up: topics },
}

async function firstTables(db: Kysely<unknown>): Promise<void> {
  const statements = [
    'create table settings (key text primary key, value text not null) without rowid',

    `create table posts (
      key integer primary key,
      id text not null unique,
      file text unique,
      slug text not null,
      title text not null,
      date text not null,
      source text not null,
      hash text not null,
      modified_at text not null,
      first_seen_at text not null,
      old integer not null,
      sequence integer unique
    )`,
    'create index posts_by_hash on posts (hash)',

    // autoincrement: a number that was in a token or a Message-ID never names another row later.
    `create table subscribers (
      id integer primary key autoincrement,
      address text not null,
      address_key text not null unique,
      name text not null,
      status text not null,
      rhythm text not null,
      tags text not null,
      language text not null,
      time_zone text not null,
      created_at text not null,
      confirmed_at text,
      unsubscribed_at text,
      settled_sequence integer not null
    )`,
    'create index subscribers_behind on subscribers (status, rhythm, settled_sequence)',

    `create table consents (
      id integer primary key,
      subscriber integer not null references subscribers (id) on delete cascade,
      at text not null,
      act text not null,
      source text not null,
      words text not null
    )`,
    'create index consents_of on consents (subscriber)',

    'create table suppressions (key text primary key, reason text not null, at text not null) without rowid',

    `create table issues (
      number integer primary key autoincrement,
      kind text not null,
      state text not null,
      rhythm text,
      origin text not null,
      subject text not null,
      created_at text not null,
      due_at text not null,
      sent_at text
    )`,
    'create index issues_by_state on issues (state, due_at)',

    `create table issue_posts (
      issue integer not null references issues (number),
      post integer not null references posts (key),
      edition integer not null,
      position integer not null,
      primary key (issue, post)
    ) without rowid`,

    `create table renditions (
      id integer primary key autoincrement,
      issue integer references issues (number),
      kind text not null,
      language text not null,
      subject text not null,
      html text not null,
      text text not null,
      created_at text not null
    )`,
    'create index renditions_of on renditions (issue)',

    `create table deliveries (
      id integer primary key autoincrement,
      kind text not null,
      issue integer references issues (number),
      subscriber integer,
      rendition integer not null references renditions (id),
      address text not null,
      name text not null,
      state text not null,
      due_at text not null,
      dated_at text not null,
      attempts integer not null,
      claimed_by text,
      claimed_until text,
      transport text,
      reply text,
      settled_at text
    )`,
    // The promise that one issue reaches one person once. Tests and confirmations have no issue and may repeat.
    `create unique index deliveries_once on deliveries (issue, subscriber) where kind = 'issue'`,
    // The queue. A person waits for a confirmation, so it goes ahead of an issue for a million.
    `create index deliveries_queue on deliveries ((kind = 'issue'), due_at, id) where state = 'queued'`,
    `create index deliveries_in_hand on deliveries (claimed_until) where state = 'sending'`,
    'create index deliveries_by_issue on deliveries (issue, state)',
    'create index deliveries_to on deliveries (subscriber)',

    `create table delivery_posts (
      post integer not null references posts (key),
      edition integer not null,
      subscriber integer not null,
      delivery integer not null references deliveries (id),
      primary key (post, edition, subscriber)
    ) without rowid`,
    'create index delivery_posts_of on delivery_posts (subscriber)',

    'create table schedules (rhythm text primary key, hour text not null, next_at text not null) without rowid',
  ]
  for (const statement of statements) await sql.raw(statement).execute(db)
}

async function limitsAndBrakes(db: Kysely<unknown>): Promise<void> {
  const statements = [
    // An address has one "@" that is not in quotes: what is checked in allows no other.
    `alter table deliveries add column domain text
      generated always as (substr(address, instr(address, '@') + 1)) virtual`,
    // Claimed by issue: what is of no issue has the old index to itself.
    `create index deliveries_of_issue on deliveries (issue, due_at, id, domain) where state = 'queued'`,
    `create index deliveries_queued_for on deliveries (subscriber) where state = 'queued'`,
    'drop index deliveries_queue',
    `create index deliveries_queue on deliveries ((kind = 'issue'), due_at, id, domain) where state = 'queued'`,

    `create index deliveries_at on deliveries (lower(address)) where state = 'sent'`,

    // Of one transport is from now on only what it may have already; what waits is anybody's.
    'alter table deliveries add column tried_at text',
    `create index deliveries_pinned on deliveries (transport) where state = 'queued' and transport is not null`,
    `update deliveries set transport = null where state = 'queued'`,

    'alter table issues add column note text',
    'alter table renditions add column posts text',
    `update renditions set posts = (select group_concat(p.post, ',' order by i.position)
      from (select distinct r.post from delivery_posts r join deliveries d on d.id = r.delivery
        where d.rendition = renditions.id) p
      join issue_posts i on i.post = p.post and i.issue = renditions.issue)`,

    'alter table posts add column edition integer not null default 1',
    'alter table posts add column doubt text',
    'alter table posts add column gone_at text',

    `create table brakes (
      scope text primary key,
      until text,
      reason text not null,
      times integer not null,
      refused integer not null,
      accepted integer not null
    ) without rowid`,

    `create table bounces (
      id integer primary key,
      address_key text not null,
      kind text not null,
      issue integer,
      at text not null,
      reply text not null
    )`,
    'create index bounces_of on bounces (address_key, at)',

    `create table allowances (
      scope text not null,
      span text not null,
      bucket integer not null,
      count integer not null,
      primary key (scope, span, bucket)
    ) without rowid`,
  ]
  for (const statement of statements) await sql.raw(statement).execute(db)
}

async function pings(db: Kysely<unknown>): Promise<void> {
  const statements = [
    `create table pings (
      topic text primary key,
      told text,
      wanted text,
      bytes integer not null,
      since text,
      due_at text not null,
      looks integer not null,
      claimed_by text,
      claimed_until text
    ) without rowid`,
    'create index pings_due on pings (due_at) where wanted is not null',

    `create table hubs (
      address text primary key,
      since text not null,
      until text not null,
      reason text not null,
      times integer not null
    ) without rowid`,
  ]
  for (const statement of statements) await sql.raw(statement).execute(db)
}

async function signUps(db: Kysely<unknown>): Promise<void> {
  const statements = [
    'alter table subscribers add column asked_at text',
    `update subscribers set asked_at = (select max(dated_at) from deliveries d
      where d.subscriber = subscribers.id and d.kind = 'confirmation') where status <> 'confirmed'`,
    `create index subscribers_asked on subscribers (asked_at)
      where status = 'unconfirmed' and asked_at is not null`,

    `create table sign_ups (
      id integer primary key,
      at text not null,
      address text not null,
      network text,
      domain text,
      repeated integer not null
    )`,
    'create index sign_ups_at on sign_ups (at)',
    'create index sign_ups_repeated on sign_ups (repeated, at)',
    'create index sign_ups_address on sign_ups (address, repeated)',
    'create index sign_ups_network on sign_ups (network, at)',
    'create index sign_ups_domain on sign_ups (domain, repeated, at)',

    `create table turned_away (
      hour text not null,
      cap text not null,
      count integer not null,
      primary key (hour, cap)
    ) without rowid`,
  ]
  for (const statement of statements) await sql.raw(statement).execute(db)
}

async function rhythms(db: Kysely<unknown>): Promise<void> {
  const statements = [
    'alter table subscribers add column hour text',
    'alter table subscribers add column weekday text',
    'alter table subscribers add column paused_until text',
    'alter table subscribers add column next_run_at text',
    `alter table subscribers add column followed_tags text not null default '[]'`,
    `alter table subscribers add column followed_languages text not null default '[]'`,

    // There was one slot for all readers of a rhythm: a digest that is due stays due.
    `update subscribers set next_run_at = (select next_at from schedules c where c.rhythm = subscribers.rhythm)
      where status = 'confirmed'`,
    // Whose zone was the site's had said none.
    `update subscribers set time_zone = ''
      where time_zone = (select substr(hour, length('08:00 ') + 1) from schedules where rhythm = 'daily')`,
    `insert into settings (key, value)
      select 'digests', json_group_object(rhythm, hour) from schedules having count(*) > 0`,
    'drop table schedules',
    'drop index subscribers_behind',
    'create index subscribers_due on subscribers (status, rhythm, next_run_at, settled_sequence)',
  ]
  for (const statement of statements) await sql.raw(statement).execute(db)
}

async function solved(db: Kysely<unknown>): Promise<void> {
  const statements = [
    `create table solved (
      challenge text primary key,
      until text not null
    ) without rowid`,
    'create index solved_until on solved (until)',

    // Who asked before there was work to prove had the caps that those who prove it have now.
    'alter table sign_ups add column proved integer not null default 1',
    'drop index sign_ups_repeated',
    'drop index sign_ups_network',
    'drop index sign_ups_domain',
    'create index sign_ups_repeated on sign_ups (proved, repeated, at)',
    'create index sign_ups_network on sign_ups (network, proved, at)',
    'create index sign_ups_domain on sign_ups (domain, proved, repeated, at)',
  ]
  for (const statement of statements) await sql.raw(statement).execute(db)
}

async function topics(db: Kysely<unknown>): Promise<void> {
  const statements = [
    // The next round fills them in.
    'alter table posts add column tags text',
    'alter table posts add column language text',
    // All that is asked is in it: the rows have the texts of the posts in front of these columns.
    'create index posts_topics on posts (language, tags, date, file) where language is not null',
  ]
  for (const statement of statements) await sql.raw(statement).execute(db)
}

async function moves(db: Kysely<unknown>): Promise<void> {
  const statements = [
    `create table moves (
      subscriber integer primary key references subscribers (id) on delete cascade,
      address text not null,
      address_key text not null,
      at text not null,
      delivery integer references deliveries (id)
    )`,
    // A number that stands in links of old messages leads to whom its owner has become.
    `create table joined (
      former integer primary key,
      subscriber integer not null references subscribers (id) on delete cascade
    )`,
    'create index joined_to on joined (subscriber)',
  ]
  for (const statement of statements) await sql.raw(statement).execute(db)
}

async function imports(db: Kysely<unknown>): Promise<void> {
  const statements = [
    // autoincrement: a number that was shown to the author never names another import later.
    `create table imports (
      number integer primary key autoincrement,
      at text not null,
      file text not null,
      people integer not null,
      moving_until text,
      undone_at text
    )`,
    'alter table subscribers add column import integer',
    'create index subscribers_of_import on subscribers (import) where import is not null',
    'alter table consents add column import integer',
  ]
  for (const statement of statements) await sql.raw(statement).execute(db)
}
