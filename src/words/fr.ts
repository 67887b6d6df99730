/**
 * What Posthorn says by itself, in French. It says "vous", as letters in French do until both agree otherwise. Before
 * a colon or a question mark stands a narrow space that does not break (U+202F).
 */
import type { Words } from './en.ts'
import { grammarOf } from './grammar.ts'

const { plural, number } = grammarOf<'one'>('fr')

export const french: Words = {
  language: 'fr',
  mail: {
    viewInBrowser: 'Voir dans le navigateur',
    readOn: (title) => `Lire la suite : ${title}`,
    newPost: (site, date) => `Un nouvel article sur ${site}, ${date}. À lire ici ou dans votre navigateur.`,
    newPosts: (count) =>
      plural(count, { one: 'Un nouvel article', other: `${number(count)} nouveaux articles` }),
    digestSubject: (site, newest, others) =>
      others === 0
        ? `${site} : ${newest}`
        : `${site} : ${newest} et ${plural(others, { one: 'un autre article', other: `${number(others)} autres articles` })}`,
    more: (count) =>
      plural(count, { one: 'Et un autre article', other: `Et ${number(count)} autres articles` }),
    andMore: (count, site) =>
      plural(count, {
        one: `Et un autre article sur ${site}`,
        other: `Et ${number(count)} autres articles sur ${site}`,
      }),
    tooLong: 'Cet article est trop long pour un e-mail. La suite est dans le navigateur.',
    reason: (site) => `Vous recevez cet e-mail en raison de votre abonnement à ${site}.`,
    unsubscribe: 'Se désabonner',
    preferences: 'Préférences',
    notes: 'Notes',
    links: 'Liens',
    note: (index) => `note ${index}`,
    picture: (alt) => (alt === '' ? 'Image' : `Image : ${alt}`),
    video: (host) => `Voir la vidéo sur ${host}`,
    audio: (host) => `Écouter sur ${host}`,
    embedded: (host) => `À voir sur ${host}`,
    said: (author) => `Un message de ${author}`,
    seePost: (host) => `Voir le message sur ${host}`,
    confirmSubject: (site) => `Confirmez votre abonnement à ${site}`,
    confirmTitle: 'Plus qu’un clic',
    confirmLead: (site, address) =>
      `Quelqu’un, vous sans doute, nous a demandé d’envoyer les nouveaux articles de ${site} à ${address}.`,
    confirmButton: 'Confirmer mon abonnement',
    confirmByAddress: 'Ou ouvrez cette adresse :',
    confirmIgnore:
      'Si ce n’était pas vous, il n’y a rien à faire : sans confirmation, aucun article ne sera envoyé.',
    confirmPreheader: (site) => `Un clic suffit, et vous recevrez les nouveaux articles de ${site}.`,
    moveSubject: (site) => `Confirmez votre nouvelle adresse pour ${site}`,
    moveTitle: 'Confirmez votre nouvelle adresse',
    moveLead: (site, address) =>
      `Quelqu’un, vous sans doute, nous a demandé d’envoyer désormais les nouveaux articles de ${site} à ${address}, et non plus à une autre adresse.`,
    moveButton: 'Confirmer ma nouvelle adresse',
    moveIgnore: 'Si ce n’était pas vous, il n’y a rien à faire : sans confirmation, rien n’arrivera ici.',
    movePreheader: (site) =>
      `Un clic suffit, et les nouveaux articles de ${site} arriveront à cette adresse.`,
    movedSubject: (site) => `Votre adresse pour ${site} a été modifiée`,
    movedTitle: 'Votre adresse a été modifiée',
    movedLead: (site, address) =>
      `Les nouveaux articles de ${site} arrivaient jusqu’à présent à ${address}. Ils sont désormais envoyés à une autre adresse, où cela a été confirmé.`,
    movedButton: 'Voir mon abonnement',
    movedIgnore:
      'Si c’était vous, il n’y a rien à faire. Sinon, quelqu’un avait le lien d’un de vos e-mails : rétablissez votre adresse sur la page de ce lien.',
    movedPreheader: (site) => `Si ce n’était pas vous, ce lien vous rend les nouveaux articles de ${site}.`,
    welcomeSubject: (site) => `Bienvenue sur ${site}`,
    welcomeTitle: 'Bienvenue',
    welcomeLead: (site) =>
      `Votre abonnement à ${site} est confirmé. Les nouveaux articles arriveront à cette adresse au rythme que vous avez choisi : chacun dès sa parution, ou plusieurs dans un même e-mail.`,
    welcomeChange:
      'Si c’est trop ou trop peu, vous pouvez changer à tout moment sous « Préférences », plus bas, ou faire une pause. Pour partir, un clic sur « Se désabonner » suffit ; chaque e-mail se termine par ces deux liens.',
    welcomeNewest: 'Pour commencer, les derniers articles :',
    welcomePreheader: (site) => `Ce que ${site} vous enverra, à quel rythme, et comment en changer.`,
  },
  pages: {
    allPosts: 'Tous les articles',
    by: 'par',
    updated: 'Mis à jour le',
    comma: ', ',
    tags: 'Étiquettes',
    taggedWith: 'Étiquettes :',
    authors: 'Auteurs',
    languages: 'Langues',
    feeds: 'Flux',
    allFeeds: 'Tous les flux, pour votre lecteur (OPML)',
    noPosts: 'Aucun article pour l’instant.',
    older: 'Articles plus anciens',
    subscribe: 'S’abonner',
    invitation: 'Recevez les nouveaux articles par e-mail, au rythme de votre choix.',
    address: 'Adresse e-mail',
    leaveEmpty: 'Laissez ce champ vide',
  },
  web: {
    subscribe: {
      title: (site) => `S’abonner à ${site}`,
      lead: 'Vous recevrez les nouveaux articles par e-mail. Un clic suffit pour vous désabonner à tout moment.',
      address: 'Votre adresse e-mail',
      name: 'Votre nom (facultatif)',
      button: 'S’abonner',
      wait: 'Un instant, s’il vous plaît. Votre appareil fait un petit calcul, pour que ce formulaire ne serve à inonder aucune boîte aux lettres.',
      faulty: (fault) => `Veuillez vérifier : ${fault}.`,
    },
    faults: {
      empty: 'indiquez une adresse, par exemple ada@example.org',
      control: 'il y a ici un retour à la ligne ou un autre caractère de contrôle',
      shape: 'une adresse comporte un nom, un « @ » et un domaine, comme ada@example.org',
      several: 'il y a plus d’un « @ » ; indiquez une seule adresse',
      bare: 'indiquez l’adresse seule, sans nom, virgule, espace ni < >',
      letters:
        'la partie avant « @ » contient des lettres que certains serveurs n’acceptent pas ; indiquez une autre adresse',
      characters:
        "la partie avant « @ » peut contenir des lettres, des chiffres, des points isolés et !#$%&'*+/=?^_`{|}~-",
      longLocal: (most) => `la partie avant « @ » dépasse ${number(most)} caractères`,
      domain: 'la partie après « @ » n’est pas un domaine, comme example.org',
      long: (most) => `cela dépasse ${number(most)} caractères`,
      day: 'indiquez un jour qui existe, par exemple 2026-12-24',
      pastDay: 'choisissez un jour à venir',
      farDay: 'choisissez un jour dans les deux ans à venir',
    },
    asked: {
      title: 'Consultez votre boîte de réception',
      sent: (address) =>
        `Si ${address} n’est pas encore abonnée, un e-mail vient de lui être envoyé. Ouvrez-le et confirmez : vous recevrez alors les nouveaux articles.`,
      nothingCame:
        'Toujours rien au bout de dix minutes ? Regardez dans les indésirables et vérifiez l’adresse. Vous pourrez réessayer demain : une adresse reçoit au plus un e-mail de ce genre par jour, et quand les demandes sont très nombreuses, certaines ne le reçoivent qu’à ce moment-là.',
    },
    confirm: {
      title: 'Confirmez votre abonnement',
      lead: (site) => `Plus qu’un clic, et vous recevrez les nouveaux articles de ${site} par e-mail.`,
      button: 'Oui, je m’abonne',
    },
    confirmed: {
      title: 'Votre abonnement est confirmé',
      lead: 'Vous recevrez le prochain article. À la fin de chaque e-mail, vous pouvez choisir le rythme et vous désabonner.',
      choose: 'Choisir le rythme et les articles',
    },
    notConfirmable: {
      title: 'Ce lien ne fonctionne plus',
      lead: 'Il permet de confirmer un abonnement pendant sept jours. Il est peut-être plus ancien, ou n’a pas été copié en entier.',
      cure: 'Demander un nouveau lien',
    },
    unsubscribe: {
      title: 'Se désabonner',
      lead: (site) => `Un clic, et vous ne recevrez plus les articles de ${site}.`,
      button: 'Me désabonner',
    },
    unsubscribed: {
      title: 'Vous n’avez plus d’abonnement',
      lead: (site) => `Vous ne recevrez plus les articles de ${site}.`,
      mistake:
        'C’était une erreur ? Pendant sept jours, vous pouvez revenir en arrière et tout retrouver comme avant.',
      undo: 'Me réabonner',
    },
    returned: {
      title: 'Votre abonnement est rétabli',
      lead: (site) => `Vous recevrez les nouveaux articles de ${site} comme avant.`,
    },
    notReturnable: {
      title: 'Il n’est plus possible de revenir en arrière ici',
      lead: 'Un désabonnement peut être annulé pendant sept jours. Le vôtre est peut-être plus ancien, ou la page n’était plus à jour.',
      cure: 'S’abonner de nouveau',
    },
    test: {
      title: 'C’était un essai',
      lead: 'L’e-mail contenant ce lien a été envoyé à titre d’essai. Il ne correspond à aucun abonnement : il n’y a rien à résilier.',
    },
    howToLeave: {
      title: 'Comment se désabonner',
      lead: 'Chaque e-mail se termine par un lien de désabonnement propre à la personne qui l’a reçu. Ouvrez le plus récent et utilisez ce lien.',
    },
    preferences: {
      title: 'Votre abonnement',
      lead: (site) =>
        `Comment les nouveaux articles de ${site} vous parviennent. Un changement prend effet aussitôt ; ce qui est déjà parti arrivera encore.`,
      rhythm: 'À quel rythme',
      instant: 'Chaque article dès sa parution',
      daily: 'Une fois par jour, dans un seul e-mail',
      weekly: 'Une fois par semaine, dans un seul e-mail',
      monthly: 'Une fois par mois, dans un seul e-mail',
      paused: 'Rien pour l’instant',
      until: 'Jusqu’à ce jour (vide : jusqu’à nouvel ordre)',
      when: 'Quand arrivent les e-mails quotidiens, hebdomadaires et mensuels',
      hour: 'Heure',
      weekday: 'Jour de la semaine, pour une fois par semaine',
      timeZone: 'Fuseau horaire',
      asSite: (setting) => `Comme le blog (${setting})`,
      clocks:
        'Au changement d’heure, une heure qui n’existe pas est remplacée par l’instant qui la suit ; une heure qui revient deux fois compte la première fois.',
      next: (moment) => `Votre prochain e-mail : ${moment}`,
      tags: 'Certaines étiquettes seulement ? (Rien de coché : tous les articles)',
      postLanguages: 'Certaines langues seulement ? (Rien de coché : tous les articles)',
      you: 'Nom et langue',
      name: 'Votre nom (facultatif)',
      language: 'Langue autour des articles',
      button: 'Enregistrer',
      leave: 'Se désabonner',
    },
    preferencesSaved: {
      title: 'C’est enregistré',
      instant: 'Vous recevrez chaque nouvel article dès sa parution.',
      daily: 'Vous recevrez les nouveaux articles une fois par jour, dans un seul e-mail.',
      weekly: 'Vous recevrez les nouveaux articles une fois par semaine, dans un seul e-mail.',
      monthly: 'Vous recevrez les nouveaux articles une fois par mois, dans un seul e-mail.',
      paused:
        'Vous ne recevrez rien pour l’instant. Les articles que vous n’avez pas eus viendront quand vous choisirez ici un autre rythme.',
      pausedUntil: {
        instant: (date) =>
          `Vous ne recevrez rien jusqu’au ${date} ; ensuite, ce qui aura paru entre-temps dans un seul e-mail, puis de nouveau chaque article dès sa parution.`,
        daily: (date) =>
          `Vous ne recevrez rien jusqu’au ${date} ; ensuite, de nouveau une fois par jour, avec ce qui aura paru entre-temps.`,
        weekly: (date) =>
          `Vous ne recevrez rien jusqu’au ${date} ; ensuite, de nouveau une fois par semaine, avec ce qui aura paru entre-temps.`,
        monthly: (date) =>
          `Vous ne recevrez rien jusqu’au ${date} ; ensuite, de nouveau une fois par mois, avec ce qui aura paru entre-temps.`,
      },
      all: 'Vous suivez tous les articles.',
      tags: (names) => `Vous ne suivez que les articles portant ces étiquettes : ${names}.`,
      postLanguages: (names) => `Vous ne suivez que les articles dans ces langues : ${names}.`,
    },
    notSubscribed: {
      title: 'Vous n’avez pas d’abonnement',
      lead: (site) => `Vous ne recevez pas les articles de ${site} : il n’y a rien à modifier.`,
      cure: 'S’abonner de nouveau',
    },
    newAddress: {
      link: 'Changer d’adresse e-mail',
      title: 'Votre adresse e-mail',
      lead: (site, address) => `Les nouveaux articles de ${site} arrivent à ${address}.`,
      how: 'Un e-mail est envoyé à la nouvelle adresse. Tant que vous n’y avez pas confirmé, tout arrive à l’ancienne. Vos choix vous suivent, et aucun article n’arrive deux fois.',
      pending: (address) =>
        `Vous avez indiqué ${address}, et ce n’est pas encore confirmé là-bas. Si vous indiquez maintenant une autre adresse, elle seule comptera.`,
      label: 'Votre nouvelle adresse e-mail',
      same: (address) => `Les nouveaux articles arrivent déjà à ${address}.`,
      button: 'Changer d’adresse',
      back: 'Retour à votre abonnement',
    },
    moveAsked: {
      title: 'Consultez votre nouvelle boîte de réception',
      sent: (address) =>
        `Si nous pouvons écrire à ${address}, un e-mail vient de lui être envoyé. Ouvrez-le dans les sept jours et confirmez : les nouveaux articles y arriveront alors.`,
      until: (address) => `D’ici là, tout arrive comme avant à ${address}.`,
      nothingCame:
        'Toujours rien au bout de dix minutes ? Regardez dans les indésirables et vérifiez l’adresse. Vous pourrez réessayer demain : une adresse reçoit au plus un e-mail de ce genre par jour, et quand les demandes sont très nombreuses, certaines ne le reçoivent qu’à ce moment-là.',
    },
    move: {
      title: 'Confirmez votre nouvelle adresse',
      lead: (site) =>
        `Plus qu’un clic, et les nouveaux articles de ${site} arriveront à l’adresse qui a reçu cet e-mail, et non plus à l’ancienne.`,
      button: 'Oui, envoyez-les ici',
    },
    moved: {
      title: 'Votre adresse a été modifiée',
      lead: (site, address) => `Les nouveaux articles de ${site} arrivent désormais à ${address}.`,
    },
    notMovable: {
      title: 'Ce lien ne fonctionne plus',
      lead: 'Il permet de confirmer une nouvelle adresse pendant sept jours. Il est peut-être plus ancien, une autre adresse a été indiquée depuis, l’abonnement a pris fin, ou le lien n’a pas été copié en entier. Rien n’a été modifié.',
      how: 'Pour recommencer, ouvrez le dernier e-mail reçu de notre part, puis « Préférences » à la fin. S’il n’y en a pas, abonnez-vous avec la nouvelle adresse.',
      cure: 'S’abonner',
    },
    rights: {
      title: 'Ce qui est conservé à votre sujet',
      download: 'Télécharger tout ce qui est conservé à votre sujet (un fichier JSON)',
      erase: 'Effacer mes données',
    },
    erase: {
      title: 'Effacer ce qui est conservé à votre sujet',
      lead: (site) =>
        `Votre adresse, votre nom, vos consentements et la liste de ce que ${site} vous a envoyé sont effacés aussitôt. Vous ne recevrez plus rien, pas même ce qui est déjà en attente, et aucun lien de vos e-mails n’ouvrira plus votre abonnement.`,
      stays:
        'Une seule chose reste : une empreinte de votre adresse, faite avec une clé secrète, d’où personne ne peut la lire. Elle empêche qu’une ancienne liste vous fasse revenir ; vous ne pourrez plus non plus vous abonner ici avec cette adresse.',
      instead:
        'C’est irréversible. Si vous voulez seulement ne plus recevoir d’articles, il suffit de vous désabonner.',
      button: 'Effacer définitivement mes données',
      back: 'Retour à votre abonnement',
    },
    erased: {
      title: 'Vos données sont effacées',
      lead: (site) =>
        `${site} ne garde plus rien à votre sujet, sauf l’empreinte qui empêche d’anciennes listes de vous faire revenir. Cette page ne peut plus être ouverte.`,
    },
    howToChange: {
      title: 'Comment modifier votre abonnement',
      lead: 'Chaque e-mail se termine par un lien prévu pour cela, propre à la personne qui l’a reçu. Ouvrez le plus récent et utilisez ce lien.',
    },
    notFound: {
      title: 'Il n’y a rien ici',
      lead: 'L’adresse est peut-être mal écrite, ou ce qui était ici n’y est plus.',
    },
    gone: {
      title: 'Cette page n’existe plus',
      lead: 'Ce qui était ici a été retiré et ne reviendra pas.',
    },
    preview: {
      title: (feed) => `Le flux de ${feed}`,
      lead: 'Ceci est un flux. Un lecteur de flux qui connaît cette adresse vous montre chaque nouvel article de lui-même : inutile de revenir voir, et personne n’a besoin de savoir qui vous êtes.',
      address: 'Copiez cette adresse dans votre lecteur de flux',
      how: 'Pas de lecteur de flux ?',
      mail: 'Recevez les nouveaux articles par e-mail.',
      entries: 'Ce qu’il contient en ce moment',
      untitled: 'Un article sans titre',
    },
    tooLarge: { title: 'C’est trop', lead: 'Un formulaire d’ici ne contient qu’un nom et une adresse.' },
    unreadable: {
      title: 'Cet envoi n’a pas été compris',
      lead: 'Ce que votre programme a envoyé n’est pas un formulaire. Veuillez réessayer.',
    },
    broken: {
      title: 'Quelque chose ne fonctionne pas',
      lead: 'Vous n’y êtes pour rien, et l’erreur a été notée. Veuillez réessayer plus tard.',
    },
  },
}
