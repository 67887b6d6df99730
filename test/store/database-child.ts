/** A process of its own that does to a database what its arguments say, and tells on stdout how far it is. */
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { openDatabase, write } from '../../src/store/database.ts'
import { readSecret } from '../../src/store/settings.ts'

const [act, path] = process.argv.slice(2) as ['open' | 'hold', string]
const told = createInterface({ input: process.stdin })

console.log('ready')
await once(told, 'line')
if (act === 'open') {
  const db = await openDatabase(`sqlite:${path}`)
  await write(db, (trx) =>
    trx
      .insertInto('suppressions')
      .values({ key: String(process.pid), reason: 'author', at: '' })
      .execute(),
  )
  console.log(await readSecret(db))
  await db.destroy()
} else {
  const db = new DatabaseSync(path)
  db.exec('begin immediate')
  console.log('holding')
  await once(told, 'line')
  db.exec('commit')
  db.close()
  console.log('released')
}
told.close()
process.stdin.unref()
