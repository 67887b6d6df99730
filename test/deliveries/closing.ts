import { afterEach } from 'vitest'
import { type Script, scriptedServer } from '../mail/smtp-script.ts'
import { mailing } from './mailing.ts'

/**
 * For a file of tests: what they open is closed after each of them, the latest first.
 *
 * @param before what has to be done before anything is closed
 */
export function closing(before: () => void = () => {}) {
  const open: { close: () => unknown }[] = []
  afterEach(async () => {
    before()
    for (const each of open.splice(0).reverse()) await each.close()
  })
  const keep = <Opened extends { close: () => unknown }>(opened: Opened): Opened => {
    open.push(opened)
    return opened
  }
  return {
    keep,
    mailTo: async (people: number) => keep(await mailing(people)),
    serverWith: async (script: Script) => keep(await scriptedServer(script)),
  }
}
