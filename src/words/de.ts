/** What Posthorn says by itself, in German. It says "du", as a newsletter among people does. */
import type { Words } from './en.ts'
import { grammarOf } from './grammar.ts'

const { plural, number } = grammarOf<'one'>('de')

export const german: Words = {
  language: 'de',
  mail: {
    viewInBrowser: 'Im Browser ansehen',
    readOn: (title) => `Weiterlesen: ${title}`,
    newPost: (site, date) => `Ein neuer Beitrag auf ${site}, ${date}. Lies ihn hier oder im Browser.`,
    newPosts: (count) => plural(count, { one: 'Ein neuer Beitrag', other: `${number(count)} neue Beiträge` }),
    digestSubject: (site, newest, others) =>
      others === 0
        ? `${site}: ${newest}`
        : `${site}: ${newest} und ${plural(others, { one: 'ein weiterer Beitrag', other: `${number(others)} weitere Beiträge` })}`,
    more: (count) =>
      plural(count, { one: 'Und ein weiterer Beitrag', other: `Und ${number(count)} weitere Beiträge` }),
    andMore: (count, site) =>
      plural(count, {
        one: `Und ein weiterer Beitrag auf ${site}`,
        other: `Und ${number(count)} weitere Beiträge auf ${site}`,
      }),
    tooLong: 'Dieser Beitrag ist länger, als eine E-Mail sein darf. Der Rest steht im Browser.',
    reason: (site) => `Du bekommst diese E-Mail, weil du ${site} abonniert hast.`,
    unsubscribe: 'Abbestellen',
    preferences: 'Einstellungen',
    notes: 'Anmerkungen',
    links: 'Links',
    note: (index) => `Anmerkung ${index}`,
    picture: (alt) => (alt === '' ? 'Bild' : `Bild: ${alt}`),
    video: (host) => `Video auf ${host} ansehen`,
    audio: (host) => `Auf ${host} anhören`,
    embedded: (host) => `Auf ${host} ansehen`,
    said: (author) => `Ein Beitrag von ${author}`,
    seePost: (host) => `Beitrag auf ${host} ansehen`,
    confirmSubject: (site) => `Bitte bestätige dein Abo von ${site}`,
    confirmTitle: 'Nur noch ein Klick',
    confirmLead: (site, address) =>
      `Jemand, hoffentlich du, möchte neue Beiträge von ${site} an ${address} bekommen.`,
    confirmButton: 'Abo bestätigen',
    confirmByAddress: 'Oder öffne diese Adresse:',
    confirmIgnore: 'Warst du es nicht, musst du nichts tun: Ohne Bestätigung kommen keine Beiträge.',
    confirmPreheader: (site) => `Ein Klick genügt, dann kommen neue Beiträge von ${site} zu dir.`,
    moveSubject: (site) => `Bitte bestätige deine neue Adresse für ${site}`,
    moveTitle: 'Bestätige deine neue Adresse',
    moveLead: (site, address) =>
      `Jemand, hoffentlich du, möchte neue Beiträge von ${site} ab jetzt an ${address} bekommen statt an eine andere Adresse.`,
    moveButton: 'Neue Adresse bestätigen',
    moveIgnore: 'Warst du es nicht, musst du nichts tun: Ohne Bestätigung kommt hier nichts an.',
    movePreheader: (site) => `Ein Klick genügt, dann kommen neue Beiträge von ${site} an diese Adresse.`,
    movedSubject: (site) => `Deine Adresse für ${site} wurde geändert`,
    movedTitle: 'Deine Adresse wurde geändert',
    movedLead: (site, address) =>
      `Neue Beiträge von ${site} kamen bisher an ${address}. Ab jetzt gehen sie an eine andere Adresse; dort wurde das bestätigt.`,
    movedButton: 'Mein Abonnement ansehen',
    movedIgnore:
      'Warst du es, musst du nichts tun. Wenn nicht, hatte jemand den Link aus einer deiner E-Mails: Auf der Seite hinter diesem Link änderst du die Adresse zurück.',
    movedPreheader: (site) => `Warst du es nicht, holst du neue Beiträge von ${site} mit diesem Link zurück.`,
    welcomeSubject: (site) => `Willkommen bei ${site}`,
    welcomeTitle: 'Willkommen',
    welcomeLead: (site) =>
      `Du hast ${site} abonniert. Neue Beiträge kommen an diese Adresse, in dem Rhythmus, den du gewählt hast: jeder, sobald er erscheint, oder mehrere in einer E-Mail.`,
    welcomeChange:
      'Ist dir das zu viel oder zu wenig, kannst du es jederzeit unten unter „Einstellungen“ ändern oder eine Pause einlegen. Zum Abmelden genügt ein Klick auf „Abbestellen“. Beide Links stehen am Ende jeder E-Mail.',
    welcomeNewest: 'Für den Anfang die neuesten Beiträge:',
    welcomePreheader: (site) => `Was von ${site} kommt, wie oft, und wie du das änderst.`,
  },
  pages: {
    allPosts: 'Alle Beiträge',
    by: 'von',
    updated: 'Aktualisiert',
    comma: ', ',
    tags: 'Schlagwörter',
    taggedWith: 'Schlagwörter:',
    authors: 'Wer hier schreibt',
    languages: 'Sprachen',
    feeds: 'Feeds',
    allFeeds: 'Alle Feeds für deinen Feedreader (OPML)',
    noPosts: 'Noch keine Beiträge.',
    older: 'Ältere Beiträge',
    subscribe: 'Abonnieren',
    invitation: 'Neue Beiträge kommen auf Wunsch per E-Mail, so oft du magst.',
    address: 'E-Mail-Adresse',
    leaveEmpty: 'Dieses Feld leer lassen',
  },
  web: {
    subscribe: {
      title: (site) => `${site} abonnieren`,
      lead: 'Neue Beiträge kommen per E-Mail zu dir. Abbestellen kannst du jederzeit mit einem Klick.',
      address: 'Deine E-Mail-Adresse',
      name: 'Dein Name (du kannst ihn weglassen)',
      button: 'Abonnieren',
      wait: 'Einen Moment bitte. Dein Gerät rechnet kurz, damit niemand mit diesem Formular Postfächer überfluten kann.',
      faulty: (fault) => `Bitte sieh dir das noch einmal an: ${fault}.`,
    },
    faults: {
      empty: 'Gib eine Adresse wie ada@example.org ein',
      control: 'Hier steht ein Zeilenumbruch oder ein anderes Steuerzeichen',
      shape: 'Eine Adresse hat einen Namen, ein „@“ und eine Domain, wie ada@example.org',
      several: 'Hier steht mehr als ein „@“; gib nur eine Adresse ein',
      bare: 'Gib nur die Adresse ein, ohne Namen, Komma, Leerzeichen oder < >',
      letters:
        'Der Teil vor dem „@“ hat Buchstaben, die nicht jeder Mailserver annimmt; nimm bitte eine andere Adresse',
      characters:
        "Der Teil vor dem „@“ darf Buchstaben, Ziffern, einzelne Punkte und !#$%&'*+/=?^_`{|}~- enthalten",
      longLocal: (most) => `Der Teil vor dem „@“ hat mehr als ${number(most)} Zeichen`,
      domain: 'Der Teil nach dem „@“ ist keine Domain wie example.org',
      long: (most) => `Das hat mehr als ${number(most)} Zeichen`,
      day: 'Gib einen Tag an, den es gibt, zum Beispiel 2026-12-24',
      pastDay: 'Wähle einen Tag nach dem heutigen',
      farDay: 'Wähle einen Tag in den nächsten zwei Jahren',
    },
    asked: {
      title: 'Sieh in dein Postfach',
      sent: (address) =>
        `Falls ${address} noch nicht angemeldet ist, geht gerade eine E-Mail dorthin. Öffne sie und bestätige: Dann kommen neue Beiträge.`,
      nothingCame:
        'Nach zehn Minuten noch nichts da? Sieh im Spam-Ordner nach und prüfe, ob die Adresse stimmt. Morgen kannst du es noch einmal versuchen: An eine Adresse geht höchstens eine solche E-Mail am Tag, und wenn sehr viele auf einmal anfragen, bekommen manche sie erst dann.',
    },
    confirm: {
      title: 'Abo bestätigen',
      lead: (site) => `Nur noch ein Klick, dann kommen neue Beiträge von ${site} per E-Mail zu dir.`,
      button: 'Ja, ich möchte sie bekommen',
    },
    confirmed: {
      title: 'Du bist angemeldet',
      lead: 'Der nächste neue Beitrag kommt zu dir. Am Ende jeder E-Mail kannst du wählen, wie oft, und abbestellen.',
      choose: 'Wählen, wie oft und welche Beiträge',
    },
    notConfirmable: {
      title: 'Dieser Link gilt nicht mehr',
      lead: 'Er bestätigt ein Abo sieben Tage lang. Vielleicht ist er älter, oder er wurde nicht ganz kopiert.',
      cure: 'Neuen Link anfordern',
    },
    unsubscribe: {
      title: 'Abbestellen',
      lead: (site) => `Ein Klick, und es kommen keine Beiträge von ${site} mehr zu dir.`,
      button: 'Abbestellen',
    },
    unsubscribed: {
      title: 'Du bist abgemeldet',
      lead: (site) => `Von ${site} kommen keine Beiträge mehr zu dir.`,
      mistake: 'War es ein Versehen? Sieben Tage lang kannst du es zurücknehmen, und alles ist, wie es war.',
      undo: 'Wieder abonnieren',
    },
    returned: {
      title: 'Du bist wieder angemeldet',
      lead: (site) => `Neue Beiträge von ${site} kommen zu dir wie zuvor.`,
    },
    notReturnable: {
      title: 'Das lässt sich hier nicht mehr zurücknehmen',
      lead: 'Eine Abmeldung lässt sich sieben Tage lang zurücknehmen. Vielleicht ist sie länger her, oder die Seite war eine alte.',
      cure: 'Wieder abonnieren',
    },
    test: {
      title: 'Das war ein Test',
      lead: 'Die E-Mail mit diesem Link wurde zur Probe verschickt. Sie gehört zu keinem Abo, es gibt also nichts abzubestellen.',
    },
    howToLeave: {
      title: 'So bestellst du ab',
      lead: 'Am Ende jeder E-Mail steht ein Link zum Abbestellen, der nur für dich gilt. Öffne die neueste E-Mail und nimm den Link dort.',
    },
    preferences: {
      title: 'Dein Abo',
      lead: (site) =>
        `So kommen neue Beiträge von ${site} zu dir. Eine Änderung gilt sofort; was schon unterwegs ist, kommt noch.`,
      rhythm: 'Wie oft',
      instant: 'Jeder Beitrag sofort',
      daily: 'Einmal am Tag, alle in einer E-Mail',
      weekly: 'Einmal in der Woche, alle in einer E-Mail',
      monthly: 'Einmal im Monat, alle in einer E-Mail',
      paused: 'Zurzeit keine',
      until: 'Bis zu diesem Tag (leer: bis du wieder wählst)',
      when: 'Wann tägliche, wöchentliche und monatliche E-Mails kommen',
      hour: 'Uhrzeit',
      weekday: 'Wochentag, bei einmal in der Woche',
      timeZone: 'Zeitzone',
      asSite: (setting) => `Wie das Blog (${setting})`,
      clocks:
        'Bei der Zeitumstellung: Eine Uhrzeit, die ausfällt, kommt gleich nach der Lücke; eine, die es zweimal gibt, zählt beim ersten Mal.',
      next: (moment) => `Deine nächste E-Mail: ${moment}`,
      tags: 'Nur bestimmte Schlagwörter? (Ohne Haken: alle Beiträge)',
      postLanguages: 'Nur bestimmte Sprachen? (Ohne Haken: alle Beiträge)',
      you: 'Name und Sprache',
      name: 'Dein Name (du kannst ihn weglassen)',
      language: 'Sprache rund um die Beiträge',
      button: 'Speichern',
      leave: 'Abbestellen',
    },
    preferencesSaved: {
      title: 'Gespeichert',
      instant: 'Jeder neue Beitrag kommt zu dir, sobald er erscheint.',
      daily: 'Neue Beiträge kommen einmal am Tag zu dir, alle in einer E-Mail.',
      weekly: 'Neue Beiträge kommen einmal in der Woche zu dir, alle in einer E-Mail.',
      monthly: 'Neue Beiträge kommen einmal im Monat zu dir, alle in einer E-Mail.',
      paused: 'Zurzeit kommt nichts zu dir. Was du verpasst hast, kommt, wenn du hier etwas anderes wählst.',
      pausedUntil: {
        instant: (date) =>
          `Bis zum ${date} kommt nichts; dann in einer E-Mail, was bis dahin erschienen ist, und wieder jeder Beitrag sofort.`,
        daily: (date) =>
          `Bis zum ${date} kommt nichts; dann wieder einmal am Tag, mit allem, was bis dahin erschienen ist.`,
        weekly: (date) =>
          `Bis zum ${date} kommt nichts; dann wieder einmal in der Woche, mit allem, was bis dahin erschienen ist.`,
        monthly: (date) =>
          `Bis zum ${date} kommt nichts; dann wieder einmal im Monat, mit allem, was bis dahin erschienen ist.`,
      },
      all: 'Du bekommst alle Beiträge.',
      tags: (names) => `Du bekommst nur Beiträge mit diesen Schlagwörtern: ${names}.`,
      postLanguages: (names) => `Du bekommst nur Beiträge in diesen Sprachen: ${names}.`,
    },
    notSubscribed: {
      title: 'Du hast kein Abo',
      lead: (site) => `Von ${site} kommen keine Beiträge zu dir, es gibt also nichts zu ändern.`,
      cure: 'Wieder abonnieren',
    },
    newAddress: {
      link: 'E-Mail-Adresse ändern',
      title: 'Deine E-Mail-Adresse',
      lead: (site, address) => `Neue Beiträge von ${site} kommen an ${address}.`,
      how: 'An die neue Adresse geht eine E-Mail. Bis du dort bestätigst, kommt alles an die alte. Deine Einstellungen ziehen mit um, und kein Beitrag kommt doppelt.',
      pending: (address) =>
        `Du hast ${address} angegeben, und dort wurde es noch nicht bestätigt. Wenn du jetzt eine andere Adresse angibst, gilt nur noch diese.`,
      label: 'Deine neue E-Mail-Adresse',
      same: (address) => `Neue Beiträge kommen schon an ${address}.`,
      button: 'Adresse ändern',
      back: 'Zurück zu deinem Abo',
    },
    moveAsked: {
      title: 'Sieh in dein neues Postfach',
      sent: (address) =>
        `Falls wir an ${address} schreiben dürfen, geht gerade eine E-Mail dorthin. Öffne sie innerhalb von sieben Tagen und bestätige: Dann kommen neue Beiträge dorthin.`,
      until: (address) => `Bis dahin kommt alles wie bisher an ${address}.`,
      nothingCame:
        'Nach zehn Minuten noch nichts da? Sieh im Spam-Ordner nach und prüfe, ob die Adresse stimmt. Morgen kannst du es noch einmal versuchen: An eine Adresse geht höchstens eine solche E-Mail am Tag, und wenn sehr viele auf einmal anfragen, bekommen manche sie erst dann.',
    },
    move: {
      title: 'Bestätige deine neue Adresse',
      lead: (site) =>
        `Nur noch ein Klick, dann kommen neue Beiträge von ${site} an die Adresse, die diese E-Mail bekommen hat, und nicht mehr an die alte.`,
      button: 'Ja, hierher schicken',
    },
    moved: {
      title: 'Deine Adresse wurde geändert',
      lead: (site, address) => `Neue Beiträge von ${site} kommen ab jetzt an ${address}.`,
    },
    notMovable: {
      title: 'Dieser Link gilt nicht mehr',
      lead: 'Er bestätigt eine neue Adresse sieben Tage lang. Vielleicht ist er älter, es wurde seither eine andere Adresse angegeben, das Abo ist beendet, oder der Link wurde nicht ganz kopiert. Geändert wurde nichts.',
      how: 'Um es noch einmal zu versuchen, öffne die neueste E-Mail von uns und dort am Ende „Einstellungen“. Gibt es keine, abonniere mit der neuen Adresse.',
      cure: 'Abonnieren',
    },
    rights: {
      title: 'Was über dich gespeichert ist',
      download: 'Alles herunterladen, was über dich gespeichert ist (eine JSON-Datei)',
      erase: 'Meine Daten löschen',
    },
    erase: {
      title: 'Löschen, was über dich gespeichert ist',
      lead: (site) =>
        `Deine Adresse, dein Name, deine Einwilligungen und die Liste dessen, was dir ${site} geschickt hat, werden sofort gelöscht. Es kommt nichts mehr zu dir, auch nicht, was schon in der Warteschlange steht, und kein Link in deinen E-Mails öffnet noch dein Abo.`,
      stays:
        'Eines bleibt: ein Hash deiner Adresse, mit einem geheimen Schlüssel gebildet, aus dem niemand sie ablesen kann. Er sorgt dafür, dass keine alte Liste dich zurückholt; auch du kannst dich hier mit dieser Adresse nicht mehr anmelden.',
      instead:
        'Das lässt sich nicht rückgängig machen. Wenn du nur keine Beiträge mehr willst, genügt es, abzubestellen.',
      button: 'Meine Daten endgültig löschen',
      back: 'Zurück zu deinem Abo',
    },
    erased: {
      title: 'Deine Daten sind gelöscht',
      lead: (site) =>
        `Bei ${site} bleibt von dir nichts als der Hash, der verhindert, dass alte Listen dich zurückholen. Diese Seite lässt sich nicht noch einmal öffnen.`,
    },
    howToChange: {
      title: 'So änderst du dein Abo',
      lead: 'Am Ende jeder E-Mail steht ein Link dafür, der nur für dich gilt. Öffne die neueste E-Mail und nimm den Link dort.',
    },
    notFound: {
      title: 'Hier ist nichts',
      lead: 'Vielleicht ist die Adresse falsch geschrieben, oder was hier war, ist weg.',
    },
    gone: {
      title: 'Das gibt es nicht mehr',
      lead: 'Was hier war, wurde entfernt und kommt nicht wieder.',
    },
    preview: {
      title: (feed) => `Der Feed von ${feed}`,
      lead: 'Das ist ein Feed. Ein Feedreader, der diese Adresse kennt, zeigt dir jeden neuen Beitrag von selbst: Du musst nicht nachsehen, und niemand muss wissen, wer du bist.',
      address: 'Kopiere diese Adresse in deinen Feedreader',
      how: 'Kein Feedreader?',
      mail: 'Lass dir neue Beiträge per E-Mail schicken.',
      entries: 'Das steht gerade darin',
      untitled: 'Ein Beitrag ohne Titel',
    },
    tooLarge: { title: 'Das war zu viel', lead: 'In ein Formular hier passen ein Name und eine Adresse.' },
    unreadable: {
      title: 'Das war nicht zu verstehen',
      lead: 'Was dein Programm geschickt hat, ist kein Formular. Bitte versuch es noch einmal.',
    },
    broken: {
      title: 'Hier ist etwas kaputt',
      lead: 'Du kannst nichts dafür, und der Fehler ist notiert. Bitte versuch es später noch einmal.',
    },
  },
}
