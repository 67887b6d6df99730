/** How the page of the preview looks. */
export const STYLE = `
:root { --paper: #fffdf7; --ink: #221f19; --soft: #665e4e; --line: #e4dcc8; --fill: #f6f0e0; --gold: #f2bd00; --focus: #1b5fc1; --bad: #a82a3a }
@media (prefers-color-scheme: dark) {
  :root { --paper: #181713; --ink: #e9e4d6; --soft: #aaa18d; --line: #3a362c; --fill: #23211b; --gold: #d9a900; --focus: #8db8ff; --bad: #ff918c }
}
* { box-sizing: border-box }
html { background: var(--paper); color: var(--ink); color-scheme: light dark; border-top: .3rem solid var(--gold); -webkit-text-size-adjust: 100% }
body { margin: 0; padding: 0 clamp(1rem, 2vw, 1.5rem) 4rem; font: 1rem/1.5 system-ui, "Noto Sans", sans-serif; overflow-wrap: anywhere }
:focus-visible { outline: .15rem solid var(--focus); outline-offset: .15rem }
nav ul { list-style: none; display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin: 0; padding: 0; font-size: .9375rem }
a { color: inherit; text-decoration-color: var(--gold); text-decoration-thickness: .12em; text-underline-offset: .18em }
nav a { display: inline-block; padding: .25rem 0 }
header { display: flex; flex-wrap: wrap; gap: .5rem 1.5rem; align-items: center; padding: 1rem 0; border-bottom: 1px solid var(--line) }
header p { margin: 0 }
.mark { font-weight: 700 }
.mark span, .live { color: var(--soft); font-weight: 400 }
.live { margin-inline-start: auto !important; font-size: .875rem; min-height: 1.5em }
.live.lost { color: var(--bad); font-weight: 650 }
form { display: flex; flex-wrap: wrap; gap: .5rem .75rem; align-items: center; min-width: 0 }
form p { display: flex; gap: .5rem; align-items: center; min-width: 0; max-width: 100% }
label { color: var(--soft); flex: none }
select[name=show] { width: 24rem }
select { font: inherit; color: var(--ink); background: var(--paper); border: 1px solid var(--soft); border-radius: .4rem; padding: .35rem .5rem; max-width: min(26rem, 100%); min-width: 0; text-overflow: ellipsis }
button { font: 650 1rem/1.4 inherit; font-family: inherit; border: 0; border-radius: .4rem; padding: .4rem .9rem; background: #f2bd00; color: #221f19; cursor: pointer }
.scripted form button { display: none }
h1 { font: 700 clamp(1.5rem, 1.2rem + 1.4vw, 2.1rem)/1.2 Charter, "Bitstream Charter", "Sitka Text", Cambria, "Noto Serif", Georgia, serif; letter-spacing: -.01em; margin: 1.5rem 0 .5rem; text-wrap: balance }
h2 { font-size: 1.125rem; margin: 0 0 .75rem }
section { margin: 2rem 0 0 }
[role=alert] h1 { margin-top: 0 }
.note { color: var(--soft); margin: 0 0 .5rem }
.findings, .faults { list-style: none; margin: 0 0 1.25rem; padding: 0; display: grid; gap: .75rem }
.findings li, .faults li { border-inline-start: .25rem solid var(--gold); background: var(--fill); border-radius: .2rem; padding: .6rem 1rem; max-width: 60rem }
.findings .error, .faults li { border-color: var(--bad) }
.findings p, .faults p { margin: 0 }
.findings p + p { color: var(--soft) }
.findings .error strong, .place { color: var(--bad) }
.place { font-weight: 650 }
code, pre, .place { font-family: ui-monospace, "Cascadia Code", "SF Mono", Menlo, Consolas, "Noto Sans Mono", monospace; font-size: .875em }
.sizes { display: flex; flex-wrap: wrap; gap: .25rem 2rem; margin: 0; color: var(--soft); font-size: .9375rem; font-variant-numeric: tabular-nums }
.sizes div { display: flex; flex-wrap: wrap; gap: 0 .5rem }
.sizes dt { font-weight: 650 }
.sizes dd { margin: 0 }
meter { inline-size: 6rem; block-size: .9em; vertical-align: -.1em }
.inbox { border: 1px solid var(--line); border-radius: .5rem; padding: .75rem 1rem; max-width: 47.5rem; margin: 0 0 1.5rem }
.inbox p { margin: 0; white-space: nowrap; overflow: hidden; text-overflow: ellipsis }
.from { font-size: .9375rem }
.subject { font-weight: 650 }
.opening { color: var(--soft); font-size: .9375rem }
.frames { display: flex; flex-wrap: wrap; gap: 1.5rem; align-items: start }
figure { margin: 0; min-width: 0; max-width: 100% }
figcaption { color: var(--soft); font-size: .875rem; margin: 0 0 .35rem }
.screen { position: relative; height: 42rem; border: 1px solid var(--line); border-radius: .5rem; overflow: hidden; resize: vertical }
.screen.light { background: #fff }
.screen.dark { background: #121212 }
.phone { width: 377px }
.desk { flex: 1 1 602px }
iframe { display: block; width: 100%; height: 100%; border: 0 }
iframe + iframe { position: absolute; inset: 0; visibility: hidden }
pre { background: var(--fill); border-radius: .4rem; padding: 1rem 1.25rem; margin: 0; overflow: auto; line-height: 1.5; max-width: 60rem; overflow-wrap: normal }
.faults pre { background: var(--paper); margin: .6rem 0 0; padding: .6rem .8rem }
.here { color: var(--bad); font-weight: 650 }
@media (max-width: 700px) {
  .screen { height: 34rem }
  .desk { flex-basis: 100% }
  /* As wide as on a desk, seen from afar. */
  .desk iframe { width: 602px; height: calc(100% / .57); transform: scale(.57); transform-origin: 0 0 }
  select { flex: 1 1 8rem }
  .live { margin-inline-start: 0 !important; min-height: 0 }
}
`
