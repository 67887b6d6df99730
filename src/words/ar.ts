/**
 * What Posthorn says by itself, in Arabic. A title, an address or a host may be in Latin letters: it is isolated from
 * the sentence around it (U+2068 and U+2069), or "C++" would be read as "++C". Not in subjects: mail programs show those
 * in a line of their own making, and some show the characters.
 */
import type { Words } from './en.ts'
import { grammarOf } from './grammar.ts'

const { plural, number } = grammarOf<'zero' | 'one' | 'two' | 'few' | 'many'>('ar')

const apart = (text: string) => `\u2068${text}\u2069`

export const arabic: Words = {
  language: 'ar',
  mail: {
    viewInBrowser: 'عرض في المتصفح',
    readOn: (title) => `تابع القراءة: ${apart(title)}`,
    newPost: (site, date) => `مقالة جديدة في ${apart(site)}، ${date}. يمكنك قراءتها هنا أو في المتصفح.`,
    newPosts: (count) =>
      plural(count, {
        zero: 'لا مقالات جديدة',
        one: 'مقالة جديدة',
        two: 'مقالتان جديدتان',
        few: `${number(count)} مقالات جديدة`,
        many: `${number(count)} مقالة جديدة`,
        other: `${number(count)} مقالة جديدة`,
      }),
    digestSubject: (site, newest, others) =>
      plural(others, {
        zero: `${site}: ${newest}`,
        one: `${site}: ${newest} ومقالة أخرى`,
        two: `${site}: ${newest} ومقالتان أخريان`,
        few: `${site}: ${newest} و${number(others)} مقالات أخرى`,
        many: `${site}: ${newest} و${number(others)} مقالة أخرى`,
        other: `${site}: ${newest} و${number(others)} مقالة أخرى`,
      }),
    more: (count) =>
      plural(count, {
        zero: 'لا مزيد من المقالات',
        one: 'ومقالة أخرى',
        two: 'ومقالتان أخريان',
        few: `و${number(count)} مقالات أخرى`,
        many: `و${number(count)} مقالة أخرى`,
        other: `و${number(count)} مقالة أخرى`,
      }),
    andMore: (count, site) =>
      plural(count, {
        zero: `لا مزيد من المقالات في ${apart(site)}`,
        one: `ومقالة أخرى في ${apart(site)}`,
        two: `ومقالتان أخريان في ${apart(site)}`,
        few: `و${number(count)} مقالات أخرى في ${apart(site)}`,
        many: `و${number(count)} مقالة أخرى في ${apart(site)}`,
        other: `و${number(count)} مقالة أخرى في ${apart(site)}`,
      }),
    tooLong: 'هذه المقالة أطول مما تتسع له رسالة بريد. البقية في المتصفح.',
    reason: (site) => `تصلك هذه الرسالة لأنك مشترك في ${apart(site)}.`,
    unsubscribe: 'إلغاء الاشتراك',
    preferences: 'التفضيلات',
    notes: 'الحواشي',
    links: 'الروابط',
    note: (index) => `حاشية ${index}`,
    picture: (alt) => (alt === '' ? 'صورة' : `صورة: ${apart(alt)}`),
    video: (host) => `شاهد الفيديو على ${apart(host)}`,
    audio: (host) => `استمع على ${apart(host)}`,
    embedded: (host) => `شاهده على ${apart(host)}`,
    said: (author) => `منشور من ${apart(author)}`,
    seePost: (host) => `عرض المنشور على ${apart(host)}`,
    confirmSubject: (site) => `يرجى تأكيد اشتراكك في ${site}`,
    confirmTitle: 'بقيت نقرة واحدة',
    confirmLead: (site, address) =>
      `طلب منا شخص ما، نرجو أنه أنت، إرسال المقالات الجديدة من ${apart(site)} إلى ${apart(address)}.`,
    confirmButton: 'تأكيد اشتراكي',
    confirmByAddress: 'أو افتح هذا العنوان:',
    confirmIgnore: 'إن لم تكن أنت من طلب ذلك، فلا داعي لفعل أي شيء: لن تصل أي مقالات دون تأكيد.',
    confirmPreheader: (site) => `تكفي نقرة واحدة لتصلك المقالات الجديدة من ${apart(site)}.`,
    welcomeSubject: (site) => `أهلًا بك في ${site}`,
    welcomeTitle: 'أهلًا بك',
    welcomeLead: (site) =>
      `اشتركت في ${apart(site)}. ستصل المقالات الجديدة إلى هذا العنوان بالوتيرة التي اخترتها: كل مقالة فور صدورها، أو عدة مقالات في رسالة واحدة.`,
    welcomeChange:
      'إن كان ذلك أكثر أو أقل مما تريد، فيمكنك تغييره في أي وقت من «التفضيلات» أدناه، أو التوقف مؤقتًا. وللمغادرة تكفي نقرة على «إلغاء الاشتراك»؛ الرابطان في نهاية كل رسالة.',
    welcomeNewest: 'للبداية، أحدث المقالات:',
    welcomePreheader: (site) => `ما الذي سيصلك من ${apart(site)}، وبأي وتيرة، وكيف تغيّر ذلك.`,
  },
  pages: {
    allPosts: 'كل المقالات',
    by: 'بقلم',
    updated: 'آخر تحديث:',
    comma: '، ',
    tags: 'الوسوم',
    taggedWith: 'الوسوم:',
    authors: 'الكتّاب',
    languages: 'اللغات',
    feeds: 'الخلاصات',
    allFeeds: 'كل الخلاصات، لقارئ الخلاصات لديك (OPML)',
    noPosts: 'لا توجد مقالات بعد.',
    older: 'مقالات أقدم',
    subscribe: 'الاشتراك',
    invitation: 'يمكن أن تصلك المقالات الجديدة عبر البريد الإلكتروني، بالوتيرة التي تناسبك.',
    address: 'البريد الإلكتروني',
    leaveEmpty: 'اترك هذا الحقل فارغًا',
  },
  web: {
    subscribe: {
      title: (site) => `الاشتراك في ${apart(site)}`,
      lead: 'تصلك المقالات الجديدة عبر البريد الإلكتروني، ويمكنك إلغاء الاشتراك بنقرة واحدة في أي وقت.',
      address: 'عنوان بريدك الإلكتروني',
      name: 'اسمك (اختياري)',
      button: 'اشترك',
      faulty: (fault) => `يرجى التحقق من هذا: ${fault}.`,
    },
    faults: {
      empty: `اكتب عنوانًا مثل ${apart('ada@example.org')}`,
      control: 'هنا سطر جديد أو محرف تحكم آخر',
      shape: `يتكوّن العنوان من اسم وعلامة «@» ونطاق، مثل ${apart('ada@example.org')}`,
      several: 'توجد أكثر من علامة «@»؛ اكتب عنوانًا واحدًا',
      bare: `اكتب العنوان وحده، دون اسم أو فاصلة أو مسافة أو ${apart('< >')}`,
      letters: 'في الجزء الذي يسبق «@» حروف لا تقبلها كل خوادم البريد؛ استعمل عنوانًا آخر',
      characters: `يمكن أن يحوي الجزء الذي يسبق «@» حروفًا لاتينية وأرقامًا ونقاطًا غير متتالية و${apart("!#$%&'*+/=?^_`{|}~-")}`,
      longLocal: (most) =>
        `الجزء الذي يسبق «@» أطول من ${plural(most, { zero: `${number(most)} محرف`, one: 'محرف واحد', two: 'محرفين', few: `${number(most)} محارف`, many: `${number(most)} محرفًا`, other: `${number(most)} محرف` })}`,
      domain: `الجزء الذي يلي «@» ليس نطاقًا مثل ${apart('example.org')}`,
      long: (most) =>
        `هذا أطول من ${plural(most, { zero: `${number(most)} محرف`, one: 'محرف واحد', two: 'محرفين', few: `${number(most)} محارف`, many: `${number(most)} محرفًا`, other: `${number(most)} محرف` })}`,
    },
    asked: {
      title: 'تفقّد بريدك',
      sent: (address) =>
        `إن لم يكن ${apart(address)} مشتركًا بعد، فقد أُرسلت إليه رسالة. افتحها وأكّد الاشتراك لتصلك المقالات الجديدة.`,
      nothingCame:
        'لم يصل شيء بعد عشر دقائق؟ ابحث في مجلد الرسائل غير المرغوبة، وتحقق من صحة العنوان. يمكنك المحاولة مجددًا غدًا: لا تُرسل إلى العنوان الواحد أكثر من رسالة كهذه في اليوم، وحين تكثر الطلبات جدًا في وقت واحد لا تصل الرسالة إلى بعضهم إلا عند المحاولة من جديد.',
    },
    confirm: {
      title: 'تأكيد الاشتراك',
      lead: (site) => `بقيت نقرة واحدة لتصلك المقالات الجديدة من ${apart(site)} عبر البريد الإلكتروني.`,
      button: 'نعم، أريد الاشتراك',
    },
    confirmed: {
      title: 'تم اشتراكك',
      lead: 'ستصلك المقالة الجديدة القادمة. في نهاية كل رسالة رابط لإلغاء الاشتراك.',
    },
    notConfirmable: {
      title: 'لم يعد هذا الرابط يعمل',
      lead: 'يصلح لتأكيد الاشتراك سبعة أيام. ربما مضى عليه أكثر من ذلك، أو لم يُنسخ كاملًا.',
      cure: 'طلب رابط جديد',
    },
    unsubscribe: {
      title: 'إلغاء الاشتراك',
      lead: (site) => `بنقرة واحدة لن تصلك مقالات ${apart(site)} بعد الآن.`,
      button: 'إلغاء الاشتراك',
    },
    unsubscribed: {
      title: 'أُلغي اشتراكك',
      lead: (site) => `لن تصلك مقالات ${apart(site)} بعد الآن.`,
      mistake: 'هل كان ذلك خطأ؟ يمكنك التراجع خلال سبعة أيام، فيعود كل شيء كما كان.',
      undo: 'إعادة الاشتراك',
    },
    returned: {
      title: 'عاد اشتراكك',
      lead: (site) => `ستصلك مقالات ${apart(site)} الجديدة كما كانت من قبل.`,
    },
    notReturnable: {
      title: 'لم يعد التراجع ممكنًا من هنا',
      lead: 'يمكن التراجع عن إلغاء الاشتراك خلال سبعة أيام. ربما مضى عليه أكثر من ذلك، أو كانت الصفحة قديمة.',
      cure: 'الاشتراك من جديد',
    },
    test: {
      title: 'كانت هذه تجربة',
      lead: 'أُرسلت الرسالة التي فيها هذا الرابط للتجربة. لا تتبع أي اشتراك، فليس هناك ما يُلغى.',
    },
    howToLeave: {
      title: 'كيفية إلغاء الاشتراك',
      lead: 'في نهاية كل رسالة رابط لإلغاء الاشتراك خاص بمن وصلته. افتح أحدث رسالة واستعمل الرابط الذي فيها.',
    },
    preferences: {
      title: 'اشتراكك',
      lead: (site) =>
        `كيف تصلك المقالات الجديدة من ${apart(site)}. يسري التغيير فورًا، وما هو في طريقه إليك سيصل.`,
      rhythm: 'الوتيرة',
      instant: 'كل مقالة فور صدورها',
      daily: 'مرة في اليوم، في رسالة واحدة',
      weekly: 'مرة في الأسبوع، في رسالة واحدة',
      monthly: 'مرة في الشهر، في رسالة واحدة',
      paused: 'لا شيء في الوقت الحالي',
      name: 'اسمك (اختياري)',
      language: 'لغة ما يُكتب حول المقالات',
      button: 'حفظ',
      leave: 'إلغاء الاشتراك',
    },
    preferencesSaved: {
      title: 'تم الحفظ',
      instant: 'ستصلك كل مقالة جديدة فور صدورها.',
      daily: 'ستصلك المقالات الجديدة مرة في اليوم، في رسالة واحدة.',
      weekly: 'ستصلك المقالات الجديدة مرة في الأسبوع، في رسالة واحدة.',
      monthly: 'ستصلك المقالات الجديدة مرة في الشهر، في رسالة واحدة.',
      paused: 'لن يصلك شيء في الوقت الحالي. ما لم يصلك سيصل عندما تختار هنا وتيرة أخرى.',
    },
    notSubscribed: {
      title: 'لا اشتراك لديك',
      lead: (site) => `لا تصلك مقالات ${apart(site)}، فليس هناك ما يُغيَّر.`,
      cure: 'الاشتراك من جديد',
    },
    rights: {
      title: 'ما يُحفظ عنك',
      download: 'تنزيل كل ما يُحفظ عنك (ملف JSON)',
      erase: 'محو بياناتي',
    },
    erase: {
      title: 'محو ما يُحفظ عنك',
      lead: (site) =>
        `يُمحى فورًا عنوانك واسمك وما وافقت عليه وقائمة ما أرسله إليك ${apart(site)}. لن يصلك شيء بعد ذلك، ولا حتى ما ينتظر الإرسال، ولن يفتح أي رابط في رسائلك اشتراكك من جديد.`,
      stays:
        'يبقى شيء واحد: بصمة لعنوانك مصنوعة بمفتاح سري، لا يستطيع أحد أن يقرأه منها. وهي تمنع أن تعيدك قائمة قديمة، ولن يمكنك أنت أيضًا الاشتراك هنا بهذا العنوان مرة أخرى.',
      instead: 'لا يمكن التراجع عن ذلك. إن كنت لا تريد سوى ألا تصلك مقالات، فيكفي إلغاء الاشتراك.',
      button: 'محو بياناتي نهائيًا',
      back: 'العودة إلى اشتراكك',
    },
    erased: {
      title: 'مُحيت بياناتك',
      lead: (site) =>
        `لم يعد ${apart(site)} يحفظ عنك شيئًا سوى البصمة التي تمنع أن تعيدك قوائم قديمة. لا يمكن فتح هذه الصفحة مرة أخرى.`,
    },
    howToChange: {
      title: 'كيفية تغيير اشتراكك',
      lead: 'في نهاية كل رسالة رابط لذلك خاص بمن وصلته. افتح أحدث رسالة واستعمل الرابط الذي فيها.',
    },
    notFound: {
      title: 'لا شيء هنا',
      lead: 'ربما كُتب العنوان خطأً، أو أن ما كان هنا لم يعد موجودًا.',
    },
    gone: {
      title: 'لم يعد هذا موجودًا',
      lead: 'أُزيل ما كان هنا، ولن يعود.',
    },
    preview: {
      title: (feed) => `خلاصة ${apart(feed)}`,
      lead: 'هذه خلاصة. قارئ الخلاصات الذي يعرف عنوانها يعرض لك كل مقالة جديدة من تلقاء نفسه: لا حاجة إلى أن تعود لتتفقد، ولا إلى أن يعرف أحد من أنت.',
      address: 'انسخ هذا العنوان إلى قارئ الخلاصات لديك',
      how: 'ليس لديك قارئ خلاصات؟',
      mail: 'لتصلك المقالات الجديدة عبر البريد الإلكتروني.',
      entries: 'محتواها الآن',
      untitled: 'مقالة بلا عنوان',
    },
    tooLarge: { title: 'هذا أكثر مما ينبغي', lead: 'النموذج هنا يتسع لاسم وعنوان.' },
    unreadable: {
      title: 'لم يُفهم ما أُرسل',
      lead: 'ما أرسله برنامجك ليس نموذجًا. يرجى المحاولة مرة أخرى.',
    },
    broken: {
      title: 'حدث خلل هنا',
      lead: 'ليس الخطأ منك، وقد سُجّل. يرجى المحاولة لاحقًا.',
    },
  },
}
