/**
 * What the page of the preview runs in the browser. It hears of a save, fetches the page anew, and puts what differs in
 * the place of what was there; all else stays as it is, down to how far it was scrolled. Without it the page is the
 * same, and is reloaded by hand.
 */
export const SCRIPT = `
const root = document.documentElement
const live = document.querySelector('.live')
root.classList.add('scripted')

for (const select of document.querySelectorAll('select')) listen(select)
function listen(select) {
  select.addEventListener('change', () => select.form.submit())
}

const saves = new EventSource('/saves')
saves.addEventListener('open', () => say(''))
saves.addEventListener('error', () => say('The preview has stopped: start it again', true))
saves.addEventListener('message', (event) => {
  if (event.data !== root.dataset.version) refresh()
})

function say(text, lost = false) {
  live.textContent = text
  live.classList.toggle('lost', lost)
}

let running = false
let again = false
async function refresh() {
  again = true
  if (running) return
  running = true
  while (again) {
    again = false
    try {
      const answer = await fetch(location.href)
      show(new DOMParser().parseFromString(await answer.text(), 'text/html'))
    } catch {
      // It has gone away, and the connection above says so.
    }
  }
  running = false
}

function show(fresh) {
  document.title = fresh.title
  const names = (page) => [...page.querySelectorAll('main [data-part]')].map((part) => part.dataset.part).join()
  let changed = false
  if (names(document) !== names(fresh)) {
    document.querySelector('main').replaceWith(document.adoptNode(fresh.querySelector('main')))
    changed = true
  }
  for (const part of document.querySelectorAll('[data-part]')) {
    const next = fresh.querySelector('[data-part="' + part.dataset.part + '"]')
    if (!next || next.dataset.hash === part.dataset.hash) continue
    const focused = part.contains(document.activeElement) && document.activeElement.name
    part.dataset.hash = next.dataset.hash
    const frame = part.querySelector('iframe')
    if (frame) reload(part, next.querySelector('iframe').src)
    else part.replaceChildren(...[...next.childNodes].map((node) => document.adoptNode(node)))
    for (const select of part.querySelectorAll('select')) {
      listen(select)
      if (select.name === focused) select.focus()
    }
    changed = true
  }
  root.dataset.version = fresh.documentElement.dataset.version
  if (changed) say('Changed at ' + new Date().toLocaleTimeString())
}

// The new document loads behind the old one and takes its place once it is there, as far down as that was.
function reload(part, src) {
  const [old, ...waiting] = part.querySelectorAll('iframe')
  for (const frame of waiting) frame.remove()
  const next = old.cloneNode()
  next.src = src
  next.addEventListener('load', () => {
    const before = old.contentWindow
    if (before) next.contentWindow.scrollTo(before.scrollX, before.scrollY)
    old.remove()
  }, { once: true })
  part.append(next)
}
`
