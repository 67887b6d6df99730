import { expect, test } from 'vitest'
import { makeSite, post } from '../site.ts'
import { openSession, openSite } from './session.ts'

test('people are added, shown, listed, exported and erased', async () => {
  const { posthorn, files, write } = openSite()
  expect(await posthorn('subscribers list')).toMatchInlineSnapshot(`
    "$ posthorn subscribers list
    ! 0 subscribers"
  `)
  expect(
    await posthorn('subscribers add Ada@Example.ORG --confirmed --name "Ada Lovelace"'),
  ).toMatchInlineSnapshot(`
    "$ posthorn subscribers add Ada@Example.ORG --confirmed --name "Ada Lovelace"
    Ada@example.org is a reader from now on (instant)"
  `)
  expect(await posthorn('subscribers add grace@example.org --rhythm weekly')).toMatchInlineSnapshot(`
    "$ posthorn subscribers add grace@example.org --rhythm weekly
    grace@example.org is asked to confirm"
  `)
  expect(Object.values(files('outbox/new')).join()).toContain('To: grace@example.org')
  expect(await posthorn('subscribers add ada@example.org')).toMatchInlineSnapshot(`
    "$ posthorn subscribers add ada@example.org
    ! posthorn: Ada@example.org is a reader already, since 2026-11-02
    (exit 1)"
  `)
  expect(await posthorn('subscribers add grace@example.org --confirmed')).toMatchInlineSnapshot(`
    "$ posthorn subscribers add grace@example.org --confirmed
    ! posthorn: grace@example.org is here since 2026-11-02 and has not confirmed yet
    ! try: only they can: a new confirmation comes to them when they ask for it at https://mail.blog.example/subscribe
    (exit 1)"
  `)
  expect(await posthorn('subscribers list')).toMatchInlineSnapshot(`
    "$ posthorn subscribers list
    Ada@example.org                  confirmed    instant  Ada Lovelace
    grace@example.org                unconfirmed  weekly
    ! 2 subscribers"
  `)
  write('posts/hello.md', post('Hello', '2026-10-01'))
  await posthorn('send hello')
  expect(await posthorn('subscribers show ADA@example.org')).toMatchInlineSnapshot(`
    "$ posthorn subscribers show ADA@example.org
    address    Ada@example.org
    name       Ada Lovelace
    status     confirmed
    rhythm     instant
    language   en
    created    Mon 2 Nov 2026, 10:00 Europe/Berlin
    confirmed  Mon 2 Nov 2026, 10:00 Europe/Berlin
    Mon 2 Nov 2026, 10:00 Europe/Berlin  added  the author
    Mon 2 Nov 2026, 10:00 Europe/Berlin  issue #1, Hello: sent"
  `)
  expect(await posthorn('subscribers show grace@example.org --json')).toMatchInlineSnapshot(`
    "$ posthorn subscribers show grace@example.org --json
    {
      "address": "grace@example.org",
      "name": "",
      "status": "unconfirmed",
      "rhythm": "weekly",
      "tags": [],
      "language": "en",
      "timeZone": null,
      "hour": null,
      "weekday": null,
      "pausedUntil": null,
      "nextDigest": null,
      "followedTags": [],
      "followedLanguages": [],
      "created": "2026-11-02T09:00:00.000Z",
      "asked": "2026-11-02T09:00:00.000Z",
      "confirmed": null,
      "unsubscribed": null,
      "number": 2,
      "decidedThrough": 0,
      "import": null,
      "consents": [],
      "deliveries": [
        {
          "number": 1,
          "kind": "confirmation",
          "issue": null,
          "subject": "Please confirm your subscription to A test blog",
          "posts": [],
          "state": "sent",
          "address": "grace@example.org",
          "name": "",
          "language": "en",
          "due": "2026-11-02T09:00:00.000Z",
          "dated": "2026-11-02T09:00:00.000Z",
          "attempts": 1,
          "firstTried": "2026-11-02T09:00:00.000Z",
          "settled": "2026-11-02T09:00:00.000Z",
          "reply": "outbox/new/ID@blog.example"
        }
      ],
      "bounces": [],
      "suppressions": [],
      "moving": null,
      "formerAddresses": []
    }"
  `)
  expect(await posthorn('subscribers export')).toMatchInlineSnapshot(`
    "$ posthorn subscribers export
    "address","name","status","rhythm","tags","language","time zone","hour","weekday","paused until","followed tags","followed languages","created","asked","confirmed","unsubscribed","suppressed","suppressed since","consents"
    "Ada@example.org","Ada Lovelace","confirmed","instant","","en","","","","","","","2026-11-02T09:00:00.000Z","","2026-11-02T09:00:00.000Z","","","","[{""at"":""2026-11-02T09:00:00.000Z"",""act"":""added"",""source"":""the author"",""words"":""""}]"
    "grace@example.org","","unconfirmed","weekly","","en","","","","","","","2026-11-02T09:00:00.000Z","2026-11-02T09:00:00.000Z","","","","","[]""
  `)
  expect(await posthorn('subscribers erase ada@example.org')).toMatchInlineSnapshot(`
    "$ posthorn subscribers erase ada@example.org
    ! posthorn: erasing cannot be undone, and nobody is here to be asked
    ! try: say \`--yes\`
    (exit 1)"
  `)
  expect(await posthorn('subscribers erase ada@example.org', { types: 'no\n' })).toMatchInlineSnapshot(`
    "$ posthorn subscribers erase ada@example.org
    ! Erase Ada@example.org for good? [y/N] no
    ! nothing was erased
    (exit 1)"
  `)
  expect(await posthorn('subscribers erase ada@example.org', { types: 'yes\n' })).toMatchInlineSnapshot(`
    "$ posthorn subscribers erase ada@example.org
    ! Erase Ada@example.org for good? [y/N] yes
    Ada@example.org is erased; a keyed hash stays, so that no import brings them back"
  `)
  expect(await posthorn('subscribers show ada@example.org')).toMatchInlineSnapshot(`
    "$ posthorn subscribers show ada@example.org
    never mailed: erased, since Mon 2 Nov 2026, 10:00 Europe/Berlin"
  `)
  expect(await posthorn('subscribers erase ada@example.org --yes')).toMatchInlineSnapshot(`
    "$ posthorn subscribers erase ada@example.org --yes
    ! posthorn: ada@example.org is not a subscriber, so there is nothing to erase
    (exit 1)"
  `)
  expect(await posthorn('subscribers add ada@example.org --confirmed')).toMatchInlineSnapshot(`
    "$ posthorn subscribers add ada@example.org --confirmed
    ! posthorn: ada@example.org must not be mailed: its owner was erased (2026-11-02)
    ! try: nothing that adds or imports people lifts this
    (exit 1)"
  `)
  expect(await posthorn('send hello --test ada@example.org')).toContain(
    'ada@example.org must not be mailed: its owner was erased',
  )
})

test('what a reader chose on the page of their preferences is shown, and found by', async () => {
  const site = await makeSite()
  await site.join('ada@example.org', 'weekly')
  await site.join('grace@example.org')
  await site.choose('ada@example.org', {
    ...{ hour: '19:00', weekday: 'Fri', time_zone: 'Asia/Tokyo', paused_until: '2026-12-23T15:00:00.000Z' },
    ...{ followed_tags: '["Tea","big news"]', followed_languages: '["de"]' },
  })
  const { posthorn } = openSession(site.folder)
  expect(await posthorn('subscribers show ada@example.org')).toMatchInlineSnapshot(`
    "$ posthorn subscribers show ada@example.org
    address             ada@example.org
    status              confirmed
    rhythm              weekly
    language            en
    time zone           Asia/Tokyo
    hour                19:00
    weekday             Fri
    paused until        Wed 23 Dec 2026, 16:00 Europe/Berlin
    next digest         Fri 25 Dec 2026, 11:00 Europe/Berlin
    followed tags       Tea, big news
    followed languages  de
    created             Mon 2 Nov 2026, 10:00 Europe/Berlin
    confirmed           Mon 2 Nov 2026, 10:00 Europe/Berlin
    Mon 2 Nov 2026, 10:00 Europe/Berlin  added  the author"
  `)
  expect(await posthorn('subscribers list --where follows:tea')).toMatchInlineSnapshot(`
    "$ posthorn subscribers list --where follows:tea
    ada@example.org                  confirmed    weekly  (paused until Wed 23 Dec 2026, 16:00 Europe/Berlin)
    ! 1 subscriber"
  `)
  // Who follows everything follows nothing by name.
  expect(await posthorn('subscribers list --where -follows:tea')).toMatchInlineSnapshot(`
    "$ posthorn subscribers list --where -follows:tea
    grace@example.org                confirmed    instant
    ! 1 subscriber"
  `)
})

test('a list is imported as a whole, or not at all', async () => {
  const { posthorn, write, json } = openSite()
  write(
    'people.csv',
    'Email,Name,Rhythm,Shoe size\nada@example.org,Ada,weekly,38\ngrace@example.org,Grace,,39\n',
  )
  expect(await posthorn('subscribers import people.csv --confirmed')).toMatchInlineSnapshot(`
    "$ posthorn subscribers import people.csv --confirmed
    2  rows
    2  readers from now on
    columns not understood and not kept: Shoe size
    import #1; to take it back: posthorn subscribers imports --undo 1"
  `)
  expect(await json('subscribers import people.csv --confirmed --json')).toMatchInlineSnapshot(`
    {
      "added": {
        "confirmed": 0,
        "unconfirmed": 0,
        "unsubscribed": 0,
      },
      "cautions": [],
      "ignored": [
        "Shoe size",
      ],
      "known": 2,
      "newlySuppressed": 0,
      "notRaised": 0,
      "number": null,
      "repeated": 0,
      "rows": 2,
      "suppressed": 0,
    }
  `)
  write(
    'ragged.csv',
    'email,name\nalan@example.org\n"kurt@example.org","Kurt","and more"\nno-address,Nobody\n',
  )
  expect(await posthorn('subscribers import ragged.csv')).toMatchInlineSnapshot(`
    "$ posthorn subscribers import ragged.csv
    ! ragged.csv:2: this row has 1 cell, and the header has 2; put a cell that holds a separator in quotes
    ! ragged.csv:3: this row has 3 cells, and the header has 2; put a cell that holds a separator in quotes
    ! ragged.csv:4: the address is "no-address"; it needs a name, one "@" and a domain, as in ada@example.org
    ! posthorn: 3 faults, nothing was changed
    ! try: nobody was imported; mend the file and try again
    (exit 1)"
  `)
  expect(await posthorn('subscribers import nowhere.csv')).toMatchInlineSnapshot(`
    "$ posthorn subscribers import nowhere.csv
    ! posthorn: nowhere.csv: cannot be read: there is no such file
    ! try: name an existing CSV file that this user may read
    (exit 1)"
  `)
  write('empty.csv', '')
  expect(await posthorn('subscribers import empty.csv')).toMatchInlineSnapshot(`
    "$ posthorn subscribers import empty.csv
    ! empty.csv: the file is empty; its first row has to name the columns
    ! posthorn: 1 fault, nothing was changed
    ! try: nobody was imported; mend the file and try again
    (exit 1)"
  `)
  write('headless.csv', 'ada@example.org\ngrace@example.org\n')
  expect(await posthorn('subscribers import headless.csv')).toMatchInlineSnapshot(`
    "$ posthorn subscribers import headless.csv
    ! headless.csv:1: no column is called "address" or "email"; the first row has to name the columns, and it is "ada@example.org"
    ! posthorn: 1 fault, nothing was changed
    ! try: nobody was imported; mend the file and try again
    (exit 1)"
  `)
  expect(await posthorn('subscribers list')).toMatchInlineSnapshot(`
    "$ posthorn subscribers list
    ada@example.org                  confirmed    weekly   Ada
    grace@example.org                confirmed    instant  Grace
    ! 2 subscribers"
  `)
})

test('a list of another program is looked at before it is imported', async () => {
  const { posthorn, write } = openSite()
  await posthorn('subscribers add grace@example.org')
  write(
    'beehiiv.csv',
    [
      'email,First Name,status,tier,unsubscribed_at',
      'ada@example.org,Ada,active,free,',
      'ADA@Example.org,Ada,active,free,',
      'grace@example.org,Grace,active,premium,',
      'kurt@example.org,Kurt,inactive,free,2025-03-13 11:33:53 UTC',
      '',
    ].join('\n'),
  )
  expect(await posthorn('subscribers import beehiiv.csv --confirmed --dry-run')).toMatchInlineSnapshot(`
    "$ posthorn subscribers import beehiiv.csv --confirmed --dry-run
    beehiiv.csv:2: ada@example.org is new: a reader from now on
    beehiiv.csv:5: kurt@example.org is new: unsubscribed, and stays so
    beehiiv.csv:4: grace@example.org is unconfirmed here, and stays so
    beehiiv.csv:3: ADA@example.org is ada@example.org of line 2 again
    4  rows
    1  readers from now on
    1  unsubscribed, and they stay so
    1  known already, nothing of them is changed
    1  of these are less here than in the file, and stay so
    1  a second time in the file
    columns not understood and not kept: tier
    ! nothing was changed: this was a dry run"
  `)
  write('faulty.csv', 'email,status\nada@example.org,active\nno-address,active\n')
  expect(await posthorn('subscribers import faulty.csv --dry-run')).toMatchInlineSnapshot(`
    "$ posthorn subscribers import faulty.csv --dry-run
    faulty.csv:2: ada@example.org is new: unconfirmed
    faulty.csv:3: the address is "no-address"; it needs a name, one "@" and a domain, as in ada@example.org
    2  rows
    1  unconfirmed
    1  with a fault
    ! nobody would be written to: unconfirmed people are mailed nothing until they ask for it themselves
    ! try: \`--confirmed\`, if they consented elsewhere
    ! nothing was changed: this was a dry run
    ! try: mend the file; with a fault in it nobody is imported
    (exit 1)"
  `)
  expect(await posthorn('subscribers import faulty.csv --dry-run --json')).toMatchInlineSnapshot(`
    "$ posthorn subscribers import faulty.csv --dry-run --json
    {
      "rows": 2,
      "added": {
        "unconfirmed": 1,
        "confirmed": 0,
        "unsubscribed": 0
      },
      "known": 0,
      "notRaised": 0,
      "suppressed": 0,
      "newlySuppressed": 0,
      "repeated": 0,
      "faulty": 1,
      "ignored": [],
      "cautions": [],
      "faults": [
        {
          "file": "faulty.csv",
          "line": 3,
          "message": "the address is \\"no-address\\"; it needs a name, one \\"@\\" and a domain, as in ada@example.org"
        }
      ],
      "examples": {
        "added": [
          {
            "line": 2,
            "address": "ada@example.org",
            "status": "unconfirmed"
          }
        ],
        "known": [],
        "notRaised": [],
        "suppressed": [],
        "repeated": []
      }
    }
    (exit 1)"
  `)
  expect(await posthorn('subscribers list')).toMatchInlineSnapshot(`
    "$ posthorn subscribers list
    grace@example.org                unconfirmed  instant
    ! 1 subscriber"
  `)
})

test('a list is taken back by its number, save for who has done anything since', async () => {
  const { posthorn, write, json, setClock } = openSite()
  expect(await posthorn('subscribers imports')).toMatchInlineSnapshot(`
    "$ posthorn subscribers imports
    ! 0 imports"
  `)
  write('people.csv', 'email\nada@example.org\ngrace@example.org\nkurt@example.org\n')
  await posthorn('subscribers import people.csv --confirmed')
  write('posts/hello.md', post('Hello', '2026-10-01'))
  await posthorn('send hello --to grace@example.org --yes')
  setClock('2026-11-03T09:00:00Z')
  await posthorn('subscribers erase kurt@example.org --yes')
  write('more.csv', 'email\nalan@example.org\n')
  await posthorn('subscribers import more.csv')
  expect(await posthorn('subscribers imports')).toMatchInlineSnapshot(`
    "$ posthorn subscribers imports
    import #1, people.csv, Mon 2 Nov 2026, 10:00 Europe/Berlin: 3 people, of whom 1 was erased since
    import #2, more.csv, Tue 3 Nov 2026, 10:00 Europe/Berlin: 1 person
    ! 2 imports"
  `)
  expect(await posthorn('subscribers imports --undo 1')).toMatchInlineSnapshot(`
    "$ posthorn subscribers imports --undo 1
    ! posthorn: this would remove 1 of the 3 people of import #1, and nobody is here to be asked
    ! try: say \`--yes\`
    (exit 1)"
  `)
  expect(await posthorn('subscribers imports --undo 1', { types: 'no\n' })).toMatchInlineSnapshot(`
    "$ posthorn subscribers imports --undo 1
    ! Remove 1 of the 3 people of import #1, people.csv? [y/N] no
    ! nothing was taken back
    (exit 1)"
  `)
  expect(await posthorn('subscribers imports --undo 1', { types: 'yes\n' })).toMatchInlineSnapshot(`
    "$ posthorn subscribers imports --undo 1
    ! Remove 1 of the 3 people of import #1, people.csv? [y/N] yes
    grace@example.org stays: mailed since
    1  removed without a trace: the same list may bring them again
    1  stay: they were mailed since
    import #1 is taken back"
  `)
  expect(await posthorn('subscribers imports --undo 1 --yes')).toMatchInlineSnapshot(`
    "$ posthorn subscribers imports --undo 1 --yes
    ! posthorn: import #1 was taken back already
    ! try: \`posthorn subscribers imports\` shows which there are
    (exit 1)"
  `)
  expect(await posthorn('subscribers imports --undo first')).toMatchInlineSnapshot(`
    "$ posthorn subscribers imports --undo first
    ! posthorn: "first" is not the number of an import
    (exit 2)"
  `)
  expect(await json('subscribers imports --undo 2 --yes --json')).toMatchInlineSnapshot(`
    {
      "examples": [],
      "number": 2,
      "removed": 1,
      "stayed": {},
    }
  `)
  expect(await posthorn('subscribers imports')).toMatchInlineSnapshot(`
    "$ posthorn subscribers imports
    import #1, people.csv, Mon 2 Nov 2026, 10:00 Europe/Berlin: 3 people, taken back Tue 3 Nov 2026, 10:00 Europe/Berlin; 1 stayed
    import #2, more.csv, Tue 3 Nov 2026, 10:00 Europe/Berlin: 1 person, taken back Tue 3 Nov 2026, 10:00 Europe/Berlin; 0 stayed
    ! 2 imports"
  `)
  expect(await json('subscribers imports --json')).toMatchInlineSnapshot(`
    [
      {
        "at": "2026-11-02T09:00:00.000Z",
        "file": "people.csv",
        "here": 1,
        "left": 0,
        "movingUntil": null,
        "number": 1,
        "people": 3,
        "undoneAt": "2026-11-03T09:00:00.000Z",
      },
      {
        "at": "2026-11-03T09:00:00.000Z",
        "file": "more.csv",
        "here": 0,
        "left": 0,
        "movingUntil": null,
        "number": 2,
        "people": 1,
        "undoneAt": "2026-11-03T09:00:00.000Z",
      },
    ]
  `)
  expect(await posthorn('subscribers export')).toMatchInlineSnapshot(`
    "$ posthorn subscribers export
    "address","name","status","rhythm","tags","language","time zone","hour","weekday","paused until","followed tags","followed languages","created","asked","confirmed","unsubscribed","suppressed","suppressed since","consents"
    "grace@example.org","","confirmed","instant","","en","","","","","","","2026-11-02T09:00:00.000Z","","2026-11-02T09:00:00.000Z","","","","[{""at"":""2026-11-02T09:00:00.000Z"",""act"":""imported"",""source"":""people.csv"",""words"":""""}]"
    ! not in it: 1 person who was erased; only this site can tell who"
  `)
})

test('a long list is read with a bar on a terminal, and with nothing where a program reads along', async () => {
  const { posthorn, write } = openSite()
  const people = Array.from({ length: 2_500 }, (_, at) => `r${at}@example.org\n`)
  write('people.csv', `email\n${people.join('')}`)
  const line = 'subscribers import people.csv --dry-run'
  expect(await posthorn(line, { types: '' })).toContain(
    'people.csv ████████████████████████ 100%  2,000 rows',
  )
  expect(await posthorn(`${line} --json`, { types: '' })).not.toContain('█')
  expect(await posthorn(line)).not.toContain('█')
})

test('what is no address is nobody’s', async () => {
  const { posthorn } = openSite()
  const said: string[] = []
  for (const address of [
    'ada',
    'ada@',
    'ada@@example.org',
    'ada@grace@example.org',
    'ada@localhost',
    'ada,grace@example.org',
    `${'a'.repeat(65)}@example.org`,
    `ada@${'example.'.repeat(31)}org`,
    'ada@example.org\r\nBcc:grace@example.org',
  ])
    said.push(await posthorn(`subscribers add "${address}" --confirmed`))
  expect(said.join('\n')).toMatchInlineSnapshot(`
    "$ posthorn subscribers add "ada" --confirmed
    ! posthorn: the address is "ada"; it needs a name, one "@" and a domain, as in ada@example.org
    (exit 1)
    $ posthorn subscribers add "ada@" --confirmed
    ! posthorn: the address is "ada@"; it needs a name, one "@" and a domain, as in ada@example.org
    (exit 1)
    $ posthorn subscribers add "ada@@example.org" --confirmed
    ! posthorn: the address is "ada@@example.org"; it has more than one "@"; write one address
    (exit 1)
    $ posthorn subscribers add "ada@grace@example.org" --confirmed
    ! posthorn: the address is "ada@grace@example.org"; it has more than one "@"; write one address
    (exit 1)
    $ posthorn subscribers add "ada@localhost" --confirmed
    ! posthorn: the address is "ada@localhost"; the part after "@" is not a domain, such as example.org
    (exit 1)
    $ posthorn subscribers add "ada,grace@example.org" --confirmed
    ! posthorn: the address is "ada,grace@example.org"; write one bare address, without a name, comma, space or < >
    (exit 1)
    $ posthorn subscribers add "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@example.org" --confirmed
    ! posthorn: the address is "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@example.org"; the part before "@" is longer than 64 characters
    (exit 1)
    $ posthorn subscribers add "ada@example.example.example.example.example.example.example.example.example.example.example.example.example.example.example.example.example.example.example.example.example.example.example.example.example.example.example.example.example.example.example.org" --confirmed
    ! posthorn: the address is "ada@example.example.example.example.example.example.example.example.example.example.example.example.example.example.example.example.example.example.example.example.example.example.example.example.example.example.example.example.example.example.example.org"; it is longer than 254 characters
    (exit 1)
    $ posthorn subscribers add "ada@example.org
    Bcc:grace@example.org" --confirmed
    ! posthorn: the address is "ada@example.org\\r\\nBcc:grace@example.org"; it holds a line break or another control character
    (exit 1)"
  `)
})
