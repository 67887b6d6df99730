/**
 * `npm run torture -- --seed N --people N --kills N`: the promise that nobody gets an issue twice and nobody is
 * missed, against a hundred kills. Prints what it came to, and exits 1 where it was broken.
 */
import { parseArgs } from 'node:util'
import { table } from '../../src/terminal.ts'
import { torture } from './kills.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    recipients: { type: 'string', default: '2000' },
    connections: { type: 'string', default: '8' },
    kills: { type: 'string', default: '100' },
  },
})
const seed = Number(values.seed ?? Math.floor(Math.random() * 1_000_000))
const people = Number(values.recipients)
const connections = Number(values.connections)
const kills = Number(values.kills)
console.log(
  `seed ${seed}: ${people} recipients, ${connections} connections, ${kills} kills, one or two workers`,
)

const wanted = { people, connections, kills, seed, share: 0.03, speed: 30, patienceMs: 560_000 }
const toll = await torture(wanted, (line) => console.log(`  ${line}`))
const allowed = toll.kills * connections + toll.broken
const broken = [
  ...(toll.duplicated > 0 ? ['somebody got it twice'] : []),
  ...(toll.missing > 0 ? ['somebody was missed'] : []),
  ...(toll.unknown > allowed ? ['more is unknown than connections were broken'] : []),
  ...(toll.denied > 0 ? ['somebody has what is told of as not sent'] : []),
  ...(toll.unjournaled > 0 ? ['something left that the journal does not know'] : []),
  ...(toll.issue !== 'sent' ? [`the issue is ${toll.issue}, not sent`] : []),
  ...(toll.stopped ? [] : ['a worker did not stop in order']),
]
const rows: [string, string | number][] = [
  ['duplicated', toll.duplicated],
  ['missing', toll.missing],
  ['unknown', `${toll.unknown} of at most ${allowed}; ${toll.unknownArrived} of them had arrived`],
  ['sent', toll.sent],
  ['failed', toll.failed],
  ['skipped', toll.skipped],
  ['arrived, told of as not sent', toll.denied],
  ['arrived, not in the journal', toll.unjournaled],
  ['kills', toll.kills],
  ['connections cut after 354 by a kill', toll.cut],
  ['connections broken after 354 by the server', toll.broken],
  ['seconds', toll.seconds],
]
for (const line of table(rows.map(([name, figure]) => [name, String(figure)]))) console.log(line)
for (const what of broken) console.log(`BROKEN: ${what}`)
if (broken.length === 0) console.log('nobody twice, nobody missed')
process.exitCode = broken.length > 0 ? 1 : 0
