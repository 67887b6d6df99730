/** What Posthorn says by itself, in Spanish. It says "tú". */
import type { Words } from './en.ts'
import { grammarOf } from './grammar.ts'

const { plural, number } = grammarOf<'one'>('es')

export const spanish: Words = {
  language: 'es',
  mail: {
    viewInBrowser: 'Ver en el navegador',
    readOn: (title) => `Seguir leyendo: ${title}`,
    newPost: (site, date) => `Una nueva entrada en ${site}, ${date}. Léela aquí o en el navegador.`,
    newPosts: (count) =>
      plural(count, { one: 'Una entrada nueva', other: `${number(count)} entradas nuevas` }),
    digestSubject: (site, newest, others) =>
      others === 0
        ? `${site}: ${newest}`
        : `${site}: ${newest} y ${plural(others, { one: 'una entrada más', other: `${number(others)} entradas más` })}`,
    more: (count) => plural(count, { one: 'Y una entrada más', other: `Y ${number(count)} entradas más` }),
    andMore: (count, site) =>
      plural(count, {
        one: `Y una entrada más en ${site}`,
        other: `Y ${number(count)} entradas más en ${site}`,
      }),
    tooLong: 'Esta entrada es demasiado larga para un correo. El resto está en el navegador.',
    reason: (site) => `Recibes este correo porque te suscribiste a ${site}.`,
    unsubscribe: 'Cancelar la suscripción',
    preferences: 'Preferencias',
    notes: 'Notas',
    links: 'Enlaces',
    note: (index) => `nota ${index}`,
    picture: (alt) => (alt === '' ? 'Imagen' : `Imagen: ${alt}`),
    video: (host) => `Ver el vídeo en ${host}`,
    audio: (host) => `Escuchar en ${host}`,
    embedded: (host) => `Ver en ${host}`,
    said: (author) => `Una publicación de ${author}`,
    seePost: (host) => `Ver la publicación en ${host}`,
    confirmSubject: (site) => `Confirma tu suscripción a ${site}`,
    confirmTitle: 'Solo falta un clic',
    confirmLead: (site, address) =>
      `Alguien, esperamos que tú, pidió recibir las nuevas entradas de ${site} en ${address}.`,
    confirmButton: 'Confirmar mi suscripción',
    confirmByAddress: 'O abre esta dirección:',
    confirmIgnore: 'Si no fuiste tú, no tienes que hacer nada: sin confirmación no llegará ninguna entrada.',
    confirmPreheader: (site) => `Basta un clic y te llegarán las nuevas entradas de ${site}.`,
    moveSubject: (site) => `Confirma tu nueva dirección para ${site}`,
    moveTitle: 'Confirma tu nueva dirección',
    moveLead: (site, address) =>
      `Alguien, esperamos que tú, pidió recibir desde ahora las nuevas entradas de ${site} en ${address} y no en otra dirección.`,
    moveButton: 'Confirmar mi nueva dirección',
    moveIgnore: 'Si no fuiste tú, no tienes que hacer nada: sin confirmación no llegará nada aquí.',
    movePreheader: (site) => `Basta un clic y las nuevas entradas de ${site} llegarán a esta dirección.`,
    movedSubject: (site) => `Se cambió tu dirección para ${site}`,
    movedTitle: 'Se cambió tu dirección',
    movedLead: (site, address) =>
      `Las nuevas entradas de ${site} llegaban hasta ahora a ${address}. Desde ahora van a otra dirección, donde se confirmó el cambio.`,
    movedButton: 'Ver mi suscripción',
    movedIgnore:
      'Si fuiste tú, no tienes que hacer nada. Si no, alguien tenía el enlace de uno de tus mensajes: vuelve a poner tu dirección en la página de este enlace.',
    movedPreheader: (site) => `Si no fuiste tú, con este enlace recuperas las nuevas entradas de ${site}.`,
    welcomeSubject: (site) => `Te damos la bienvenida a ${site}`,
    welcomeTitle: 'Te damos la bienvenida',
    welcomeLead: (site) =>
      `Te has suscrito a ${site}. Las nuevas entradas llegarán a esta dirección con la frecuencia que elegiste: cada una en cuanto se publique, o varias en un mismo correo.`,
    welcomeChange:
      'Si es demasiado o demasiado poco, puedes cambiarlo cuando quieras abajo, en «Preferencias», o hacer una pausa. Para darte de baja basta un clic en «Cancelar la suscripción». Ambos enlaces están al final de cada correo.',
    welcomeNewest: 'Para empezar, las últimas entradas:',
    welcomePreheader: (site) => `Qué te llegará de ${site}, con qué frecuencia y cómo cambiarlo.`,
  },
  pages: {
    allPosts: 'Todas las entradas',
    by: 'por',
    updated: 'Actualizada el',
    comma: ', ',
    tags: 'Etiquetas',
    taggedWith: 'Etiquetas:',
    authors: 'Quién escribe aquí',
    languages: 'Idiomas',
    feeds: 'Canales',
    allFeeds: 'Todos los canales, para tu lector (OPML)',
    noPosts: 'Todavía no hay entradas.',
    older: 'Entradas anteriores',
    subscribe: 'Suscribirse',
    invitation: 'Si quieres, las nuevas entradas te llegan por correo, con la frecuencia que elijas.',
    address: 'Correo electrónico',
    leaveEmpty: 'Deja este campo vacío',
  },
  web: {
    subscribe: {
      title: (site) => `Suscríbete a ${site}`,
      lead: 'Las nuevas entradas te llegan por correo. Puedes darte de baja con un clic cuando quieras.',
      address: 'Tu correo electrónico',
      name: 'Tu nombre (puedes dejarlo vacío)',
      button: 'Suscribirme',
      wait: 'Un momento, por favor. Tu dispositivo hace un pequeño cálculo para que nadie use este formulario para inundar buzones.',
      faulty: (fault) => `Revisa esto, por favor: ${fault}.`,
    },
    faults: {
      empty: 'escribe una dirección como ada@example.org',
      control: 'contiene un salto de línea u otro carácter de control',
      shape: 'necesita un nombre, una «@» y un dominio, como ada@example.org',
      several: 'tiene más de una «@»; escribe una sola dirección',
      bare: 'escribe solo la dirección, sin nombre, comas, espacios ni < >',
      letters:
        'la parte anterior a la «@» tiene letras que no todos los servidores aceptan; usa otra dirección',
      characters:
        "la parte anterior a la «@» puede tener letras, cifras, puntos sueltos y !#$%&'*+/=?^_`{|}~-",
      longLocal: (most) => `la parte anterior a la «@» tiene más de ${number(most)} caracteres`,
      domain: 'la parte posterior a la «@» no es un dominio como example.org',
      long: (most) => `tiene más de ${number(most)} caracteres`,
      day: 'escribe un día que exista, como 2026-12-24',
      pastDay: 'elige un día posterior a hoy',
      farDay: 'elige un día de los próximos dos años',
    },
    asked: {
      title: 'Mira tu correo',
      sent: (address) =>
        `Si ${address} todavía no está suscrita, ya le hemos enviado un mensaje. Ábrelo y confirma: entonces llegarán las nuevas entradas.`,
      nothingCame:
        '¿No ha llegado nada en diez minutos? Mira en la carpeta de spam y comprueba que la dirección sea correcta. Mañana puedes volver a pedirlo: cada dirección recibe como mucho un mensaje de estos al día y, cuando muchísima gente lo pide a la vez, algunas solo lo reciben entonces.',
    },
    confirm: {
      title: 'Confirma tu suscripción',
      lead: (site) => `Un clic más y las nuevas entradas de ${site} te llegarán por correo.`,
      button: 'Sí, quiero suscribirme',
    },
    confirmed: {
      title: 'Suscripción confirmada',
      lead: 'Te llegará la próxima entrada. Al final de cada mensaje puedes elegir la frecuencia y darte de baja.',
      choose: 'Elegir la frecuencia y las entradas',
    },
    notConfirmable: {
      title: 'Este enlace ya no funciona',
      lead: 'Sirve para confirmar una suscripción durante siete días. Puede que sea más antiguo o que no se copiara entero.',
      cure: 'Pedir uno nuevo',
    },
    unsubscribe: {
      title: 'Cancelar la suscripción',
      lead: (site) => `Un clic y no te llegarán más entradas de ${site}.`,
      button: 'Darme de baja',
    },
    unsubscribed: {
      title: 'Te has dado de baja',
      lead: (site) => `No te llegarán más entradas de ${site}.`,
      mistake: '¿Ha sido un error? Durante siete días puedes deshacerlo y todo queda como estaba.',
      undo: 'Volver a suscribirme',
    },
    returned: {
      title: 'Vuelves a tener tu suscripción',
      lead: (site) => `Las nuevas entradas de ${site} te llegarán como antes.`,
    },
    notReturnable: {
      title: 'Esto ya no se puede deshacer aquí',
      lead: 'Una baja se puede deshacer durante siete días. Puede que haya pasado más tiempo o que la página fuera antigua.',
      cure: 'Suscribirme de nuevo',
    },
    test: {
      title: 'Era una prueba',
      lead: 'El mensaje con este enlace se envió para probar. No pertenece a ninguna suscripción, así que no hay nada que cancelar.',
    },
    howToLeave: {
      title: 'Cómo darse de baja',
      lead: 'Cada mensaje termina con un enlace para darse de baja, propio de quien lo recibió. Abre el más reciente y usa el enlace que hay en él.',
    },
    preferences: {
      title: 'Tu suscripción',
      lead: (site) =>
        `Cómo te llegan las nuevas entradas de ${site}. Los cambios se aplican al momento; lo que ya está en camino todavía llegará.`,
      rhythm: 'Con qué frecuencia',
      instant: 'Cada entrada al momento',
      daily: 'Una vez al día, todas en un correo',
      weekly: 'Una vez a la semana, todas en un correo',
      monthly: 'Una vez al mes, todas en un correo',
      paused: 'Por ahora, nada',
      until: 'Hasta este día (vacío: hasta que elijas otra cosa)',
      when: 'Cuándo llegan los correos diarios, semanales y mensuales',
      hour: 'Hora',
      weekday: 'Día de la semana, si es una vez a la semana',
      timeZone: 'Zona horaria',
      asSite: (setting) => `Como el blog (${setting})`,
      clocks:
        'Al cambiar la hora, una hora que se salta llega justo después del salto, y una que se repite cuenta la primera vez.',
      next: (moment) => `Tu próximo correo: ${moment}`,
      tags: '¿Solo algunas etiquetas? (Sin marcar ninguna: todas las entradas)',
      postLanguages: '¿Solo algunos idiomas? (Sin marcar ninguno: todas las entradas)',
      you: 'Nombre e idioma',
      name: 'Tu nombre (puedes dejarlo vacío)',
      language: 'Idioma de lo que acompaña a las entradas',
      button: 'Guardar',
      leave: 'Darme de baja',
    },
    preferencesSaved: {
      title: 'Guardado',
      instant: 'Cada entrada nueva te llegará en cuanto se publique.',
      daily: 'Las nuevas entradas te llegarán una vez al día, todas en un correo.',
      weekly: 'Las nuevas entradas te llegarán una vez a la semana, todas en un correo.',
      monthly: 'Las nuevas entradas te llegarán una vez al mes, todas en un correo.',
      paused:
        'Por ahora no te llegará nada. Lo que no hayas recibido te llegará cuando elijas aquí otra frecuencia.',
      pausedUntil: {
        instant: (date) =>
          `No te llegará nada hasta el ${date}; entonces, en un correo, lo publicado mientras tanto, y de nuevo cada entrada al momento.`,
        daily: (date) =>
          `No te llegará nada hasta el ${date}; entonces, de nuevo una vez al día, con lo publicado mientras tanto.`,
        weekly: (date) =>
          `No te llegará nada hasta el ${date}; entonces, de nuevo una vez a la semana, con lo publicado mientras tanto.`,
        monthly: (date) =>
          `No te llegará nada hasta el ${date}; entonces, de nuevo una vez al mes, con lo publicado mientras tanto.`,
      },
      all: 'Sigues todas las entradas.',
      tags: (names) => `Solo sigues las entradas con estas etiquetas: ${names}.`,
      postLanguages: (names) => `Solo sigues las entradas en estos idiomas: ${names}.`,
    },
    notSubscribed: {
      title: 'No tienes suscripción',
      lead: (site) => `No te llegan entradas de ${site}, así que no hay nada que cambiar.`,
      cure: 'Suscribirme de nuevo',
    },
    newAddress: {
      link: 'Cambiar la dirección de correo',
      title: 'Tu dirección de correo',
      lead: (site, address) => `Las nuevas entradas de ${site} llegan a ${address}.`,
      how: 'Se envía un mensaje a la nueva dirección. Hasta que confirmes allí, todo llega a la antigua. Lo que has elegido se conserva y ninguna entrada llega dos veces.',
      pending: (address) =>
        `Has indicado ${address} y todavía no se ha confirmado allí. Si ahora indicas otra dirección, solo valdrá esa.`,
      label: 'Tu nueva dirección de correo',
      same: (address) => `Las nuevas entradas ya llegan a ${address}.`,
      button: 'Cambiar la dirección',
      back: 'Volver a tu suscripción',
    },
    moveAsked: {
      title: 'Mira tu nuevo correo',
      sent: (address) =>
        `Si podemos escribir a ${address}, ya le hemos enviado un mensaje. Ábrelo antes de siete días y confirma: entonces las nuevas entradas llegarán allí.`,
      until: (address) => `Hasta entonces todo llega como antes a ${address}.`,
      nothingCame:
        '¿No ha llegado nada en diez minutos? Mira en la carpeta de spam y comprueba que la dirección sea correcta. Mañana puedes volver a pedirlo: cada dirección recibe como mucho un mensaje de estos al día y, cuando muchísima gente lo pide a la vez, algunas solo lo reciben entonces.',
    },
    move: {
      title: 'Confirma tu nueva dirección',
      lead: (site) =>
        `Un clic más y las nuevas entradas de ${site} llegarán a la dirección que recibió este mensaje, y ya no a la antigua.`,
      button: 'Sí, quiero recibirlas aquí',
    },
    moved: {
      title: 'Tu dirección se ha cambiado',
      lead: (site, address) => `Las nuevas entradas de ${site} llegan desde ahora a ${address}.`,
    },
    notMovable: {
      title: 'Este enlace ya no funciona',
      lead: 'Sirve para confirmar una nueva dirección durante siete días. Puede que sea más antiguo, que después se indicara otra dirección, que la suscripción haya terminado o que el enlace no se copiara entero. No se ha cambiado nada.',
      how: 'Para volver a pedirlo, abre el último mensaje que recibiste y entra en «Preferencias» al final. Si no hay ninguno, suscríbete con la nueva dirección.',
      cure: 'Suscribirme',
    },
    rights: {
      title: 'Lo que se guarda sobre ti',
      download: 'Descargar todo lo que se guarda sobre ti (un archivo JSON)',
      erase: 'Borrar mis datos',
    },
    erase: {
      title: 'Borrar lo que se guarda sobre ti',
      lead: (site) =>
        `Tu dirección, tu nombre, tus consentimientos y la lista de lo que te ha enviado ${site} se borran al momento. No te llegará nada más, ni siquiera lo que ya está en cola, y ningún enlace de tus mensajes volverá a abrir tu suscripción.`,
      stays:
        'Queda una sola cosa: un hash de tu dirección, hecho con una clave secreta, del que nadie puede leerla. Impide que una lista antigua te traiga de vuelta; tampoco tú podrás suscribirte aquí de nuevo con esta dirección.',
      instead: 'No se puede deshacer. Si solo quieres no recibir más entradas, basta con darte de baja.',
      button: 'Borrar mis datos para siempre',
      back: 'Volver a tu suscripción',
    },
    erased: {
      title: 'Tus datos se han borrado',
      lead: (site) =>
        `${site} ya no guarda nada sobre ti, salvo el hash que impide que listas antiguas te traigan de vuelta. Esta página no se puede volver a abrir.`,
    },
    howToChange: {
      title: 'Cómo cambiar tu suscripción',
      lead: 'Cada mensaje termina con un enlace para ello, propio de quien lo recibió. Abre el más reciente y usa el enlace que hay en él.',
    },
    notFound: {
      title: 'Aquí no hay nada',
      lead: 'Puede que la dirección esté mal escrita, o que lo que había aquí ya no esté.',
    },
    gone: {
      title: 'Esto ya no existe',
      lead: 'Lo que había aquí se retiró y no volverá.',
    },
    preview: {
      title: (feed) => `El canal de ${feed}`,
      lead: 'Esto es un canal (feed). Un lector de canales que conozca su dirección te muestra cada entrada nueva por sí solo: no tienes que venir a mirar y nadie tiene que saber quién eres.',
      address: 'Copia esta dirección en tu lector de canales',
      how: '¿No tienes un lector de canales?',
      mail: 'Recibe las nuevas entradas por correo.',
      entries: 'Lo que contiene ahora',
      untitled: 'Una entrada sin título',
    },
    tooLarge: { title: 'Demasiados datos', lead: 'En este formulario solo caben un nombre y una dirección.' },
    unreadable: {
      title: 'No se ha entendido',
      lead: 'Lo que envió tu programa no es un formulario. Inténtalo de nuevo, por favor.',
    },
    broken: {
      title: 'Algo ha fallado aquí',
      lead: 'No es culpa tuya y ha quedado anotado. Inténtalo más tarde, por favor.',
    },
  },
}
