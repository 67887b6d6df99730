/** What Posthorn says by itself, in Japanese, in the polite form. */
import type { Words } from './en.ts'
import { grammarOf } from './grammar.ts'

const { number } = grammarOf('ja')

export const japanese: Words = {
  language: 'ja',
  mail: {
    viewInBrowser: 'ブラウザで見る',
    readOn: (title) => `続きを読む：${title}`,
    newPost: (site, date) =>
      `${site}の新しい記事（${date}）です。このメールでも、ブラウザでもお読みいただけます。`,
    newPosts: (count) => `新しい記事が${number(count)}件あります`,
    digestSubject: (site, newest, others) =>
      others === 0 ? `${site}：${newest}` : `${site}：${newest}、ほか${number(others)}件`,
    more: (count) => `ほかに${number(count)}件`,
    andMore: (count, site) => `ほかに${number(count)}件の記事が${site}にあります`,
    tooLong: 'この記事は長いため、メールには途中まで載せています。続きはブラウザでお読みください。',
    reason: (site) => `このメールは、${site}を購読している方にお送りしています。`,
    unsubscribe: '配信を停止する',
    preferences: '配信設定',
    notes: '注',
    links: 'リンク',
    note: (index) => `注${index}`,
    picture: (alt) => (alt === '' ? '画像' : `画像：${alt}`),
    video: (host) => `${host}で動画を見る`,
    audio: (host) => `${host}で聴く`,
    embedded: (host) => `${host}で見る`,
    said: (author) => `${author}の投稿`,
    seePost: (host) => `${host}で投稿を見る`,
    confirmSubject: (site) => `${site}の購読を確認してください`,
    confirmTitle: 'あと1クリックで完了です',
    confirmLead: (site, address) => `${site}の新しい記事を${address}へ送るようお申し込みがありました。`,
    confirmButton: '購読を確定する',
    confirmByAddress: 'または、次のアドレスを開いてください。',
    confirmIgnore: 'お心当たりがなければ、何もする必要はありません。確定されないかぎり、記事は届きません。',
    confirmPreheader: (site) => `1クリックで、${site}の新しい記事が届くようになります。`,
    welcomeSubject: (site) => `${site}へようこそ`,
    welcomeTitle: 'ようこそ',
    welcomeLead: (site) =>
      `${site}の購読が始まりました。新しい記事は、お選びになった頻度でこのアドレスに届きます。公開のたびに1件ずつ、または複数の記事を1通にまとめてお送りします。`,
    welcomeChange:
      '多すぎる、または少なすぎると感じたら、下の「配信設定」でいつでも変更でき、休止もできます。やめるときは、「配信を停止する」を1回クリックするだけです。どちらのリンクも、すべてのメールの末尾にあります。',
    welcomeNewest: '最初に、最近の記事をご紹介します。',
    welcomePreheader: (site) => `${site}から届くもの、その頻度、変更のしかたについて。`,
  },
  pages: {
    allPosts: '記事一覧',
    by: '著者：',
    updated: '更新：',
    comma: '、',
    tags: 'タグ',
    taggedWith: 'タグ：',
    authors: '著者',
    languages: '言語',
    feeds: 'フィード',
    allFeeds: 'すべてのフィード（フィードリーダー用、OPML）',
    noPosts: 'まだ記事はありません。',
    older: '過去の記事',
    subscribe: '購読する',
    invitation: '新しい記事をメールで受け取れます。頻度はお好みで選べます。',
    address: 'メールアドレス',
    leaveEmpty: 'ここには何も入力しないでください',
  },
  web: {
    subscribe: {
      title: (site) => `${site}を購読する`,
      lead: '新しい記事がメールで届きます。配信はいつでも1クリックで停止できます。',
      address: 'メールアドレス',
      name: 'お名前（省略できます）',
      button: '購読する',
      faulty: (fault) => `もう一度ご確認ください：${fault}。`,
    },
    faults: {
      empty: 'ada@example.orgのようなアドレスを入力してください',
      control: '改行などの制御文字が含まれています',
      shape: 'アドレスは、ada@example.orgのように名前と「@」とドメインでできています',
      several: '「@」が2つ以上あります。アドレスを1つだけ入力してください',
      bare: '名前、コンマ、空白、< >を付けずに、アドレスだけを入力してください',
      letters:
        '「@」の前に、受け付けないメールサーバーのある文字が含まれています。別のアドレスを入力してください',
      characters: "「@」の前に使えるのは、英数字、連続しないピリオド、!#$%&'*+/=?^_`{|}~-です",
      longLocal: (most) => `「@」の前が${number(most)}文字を超えています`,
      domain: '「@」の後がexample.orgのようなドメインではありません',
      long: (most) => `${number(most)}文字を超えています`,
      day: '2026-12-24のように、実在する日付を入力してください',
      pastDay: '明日以降の日付を選んでください',
      farDay: '2年以内の日付を選んでください',
    },
    asked: {
      title: 'メールをご確認ください',
      sent: (address) =>
        `${address}がまだ購読されていなければ、確認のメールをお送りしました。メールを開いて購読を確定すると、新しい記事が届くようになります。`,
      nothingCame:
        '10分たっても届かないときは、迷惑メールのフォルダーと、アドレスに間違いがないかをご確認ください。明日になれば、もう一度お申し込みいただけます。確認のメールをお送りするのは、1つのアドレスにつき1日1通までです。お申し込みが一度に集中したときは、もう一度お申し込みいただいてからのお届けになることがあります。',
    },
    confirm: {
      title: '購読の確定',
      lead: (site) => `あと1クリックで、${site}の新しい記事がメールで届くようになります。`,
      button: 'はい、購読します',
    },
    confirmed: {
      title: '購読を開始しました',
      lead: '次の新しい記事からお届けします。配信を停止するリンクは、どのメールの末尾にもあります。',
    },
    notConfirmable: {
      title: 'このリンクはもう使えません',
      lead: '購読を確定できるのは7日間です。期限が過ぎたか、リンクの一部だけがコピーされた可能性があります。',
      cure: 'もう一度申し込む',
    },
    unsubscribe: {
      title: '配信の停止',
      lead: (site) => `1クリックで、${site}の記事が届かなくなります。`,
      button: '配信を停止する',
    },
    unsubscribed: {
      title: '配信を停止しました',
      lead: (site) => `今後、${site}の記事は届きません。`,
      mistake: '間違えましたか？7日間は取り消すことができ、設定はすべて元に戻ります。',
      undo: '購読を再開する',
    },
    returned: {
      title: '購読を再開しました',
      lead: (site) => `${site}の新しい記事が、これまでどおり届きます。`,
    },
    notReturnable: {
      title: 'ここではもう取り消せません',
      lead: '配信の停止を取り消せるのは7日間です。期限が過ぎたか、古いページが開かれていた可能性があります。',
      cure: 'もう一度購読する',
    },
    test: {
      title: 'これはテストでした',
      lead: 'このリンクのあるメールは、試しに送られたものです。購読とは関係がないため、停止するものはありません。',
    },
    howToLeave: {
      title: '配信を停止するには',
      lead: 'どのメールの末尾にも、受け取った方だけの停止リンクがあります。いちばん新しいメールを開き、そのリンクをお使いください。',
    },
    preferences: {
      title: '購読の設定',
      lead: (site) =>
        `${site}の新しい記事をどのようにお届けするかの設定です。変更はすぐに反映されますが、すでに送信されたものは届きます。`,
      rhythm: '頻度',
      instant: '記事ごとにすぐ',
      daily: '1日に1回、まとめて1通',
      weekly: '週に1回、まとめて1通',
      monthly: '月に1回、まとめて1通',
      paused: '今は受け取らない',
      until: 'この日まで（空欄なら、もう一度選ぶまで）',
      when: '毎日・毎週・毎月のメールが届く時',
      hour: '時刻',
      weekday: '曜日（週に1回の場合）',
      timeZone: 'タイムゾーン',
      asSite: (setting) => `ブログと同じ（${setting}）`,
      clocks: '夏時間の切り替えで飛ばされる時刻は、その直後に届きます。2回ある時刻は、1回目に届きます。',
      next: (moment) => `次に届く予定：${moment}`,
      tags: 'タグを選ぶ（何も選ばなければすべての記事）',
      postLanguages: '記事の言語を選ぶ（何も選ばなければすべての記事）',
      you: 'お名前と言語',
      name: 'お名前（省略できます）',
      language: '記事のまわりの案内文の言語',
      button: '保存する',
      leave: '配信を停止する',
    },
    preferencesSaved: {
      title: '保存しました',
      instant: '新しい記事は、公開されるたびに届きます。',
      daily: '新しい記事は、1日に1回、1通にまとめて届きます。',
      weekly: '新しい記事は、週に1回、1通にまとめて届きます。',
      monthly: '新しい記事は、月に1回、1通にまとめて届きます。',
      paused: '今は何も届きません。届いていない記事は、ここで別の頻度を選ぶと届きます。',
      pausedUntil: {
        instant: (date) =>
          `${date}まで何も届きません。その後、それまでに公開された記事が1通にまとめて届き、再び記事ごとにすぐ届きます。`,
        daily: (date) =>
          `${date}まで何も届きません。その後、それまでに公開された記事も含めて、再び1日に1回届きます。`,
        weekly: (date) =>
          `${date}まで何も届きません。その後、それまでに公開された記事も含めて、再び週に1回届きます。`,
        monthly: (date) =>
          `${date}まで何も届きません。その後、それまでに公開された記事も含めて、再び月に1回届きます。`,
      },
      all: 'すべての記事をフォローしています。',
      tags: (names) => `次のタグの記事だけをフォローしています：${names}。`,
      postLanguages: (names) => `次の言語の記事だけをフォローしています：${names}。`,
    },
    notSubscribed: {
      title: '購読されていません',
      lead: (site) => `${site}の記事は配信されていないため、変更するものはありません。`,
      cure: 'もう一度購読する',
    },
    rights: {
      title: '保存されているあなたの情報',
      download: '保存されている自分の情報をすべてダウンロードする（JSONファイル）',
      erase: '自分の情報を消去する',
    },
    erase: {
      title: '保存されている情報の消去',
      lead: (site) =>
        `メールアドレス、お名前、同意の記録、${site}からお送りしたものの一覧を、ただちに消去します。送信待ちのものも含めて今後は何も届かず、これまでのメールのリンクから購読の設定を開くこともできなくなります。`,
      stays:
        '一つだけ残るのは、秘密の鍵で作ったアドレスのハッシュ値です。そこからアドレスを読み取ることは誰にもできません。古い名簿から再び登録されるのを防ぐためのもので、ご自身もこのアドレスではもう購読できなくなります。',
      instead: '消去は取り消せません。記事を受け取りたくないだけでしたら、配信の停止で十分です。',
      button: '完全に消去する',
      back: '購読の設定に戻る',
    },
    erased: {
      title: '消去しました',
      lead: (site) =>
        `古い名簿からの再登録を防ぐハッシュ値のほかに、${site}に残っているあなたの情報はありません。このページは二度と開けません。`,
    },
    howToChange: {
      title: '購読の設定を変えるには',
      lead: 'どのメールの末尾にも、受け取った方だけの設定リンクがあります。いちばん新しいメールを開き、そのリンクをお使いください。',
    },
    notFound: {
      title: 'ページが見つかりません',
      lead: 'アドレスに間違いがあるか、ページがなくなった可能性があります。',
    },
    gone: {
      title: 'このページはなくなりました',
      lead: 'ここにあったものは取り下げられました。元に戻ることはありません。',
    },
    preview: {
      title: (feed) => `${feed}のフィード`,
      lead: 'これはフィードです。アドレスをフィードリーダーに登録すると、新しい記事が自動で表示されます。見に来る必要はなく、誰にも名乗る必要はありません。',
      address: 'このアドレスをフィードリーダーにコピーしてください',
      how: 'フィードリーダーをお使いでない方は、',
      mail: '新しい記事をメールで受け取れます。',
      entries: '現在の内容',
      untitled: '無題の記事',
    },
    tooLarge: {
      title: 'データが大きすぎます',
      lead: 'フォームに入力できるのは、お名前とアドレスだけです。',
    },
    unreadable: {
      title: '内容を読み取れませんでした',
      lead: 'お使いのプログラムから送られたものは、フォームではありません。もう一度お試しください。',
    },
    broken: {
      title: '問題が発生しました',
      lead: '操作の誤りではありません。問題は記録されました。しばらくしてからもう一度お試しください。',
    },
  },
}
