/** A Postfix of Debian's with a configuration, a queue and a log of its own, which relays everything to one port. */
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../port.ts'

const DEBIAN = '/etc/postfix'

export type Postfix = {
  port: number
  start(): Promise<void>
  stop(): void
  /** The log, for when a test fails. */
  log(): string
  remove(): void
}

/** @param settings more of `main.cf`, line by line */
export async function postfix(sink: number, settings: string[] = []): Promise<Postfix> {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-postfix-'))
  // Postfix's own user has to get through.
  chmodSync(folder, 0o755)
  for (const name of ['config', 'queue']) mkdirSync(join(folder, name))
  mkdirSync(join(folder, 'data'))
  execFileSync('chown', ['postfix', join(folder, 'data')])
  const config = join(folder, 'config')
  for (const name of ['dynamicmaps.cf', 'dynamicmaps.cf.d', 'postfix-files', 'postfix-files.d']) {
    if (existsSync(join(DEBIAN, name))) cpSync(join(DEBIAN, name), join(config, name), { recursive: true })
  }
  const port = await freePort()
  const services = readFileSync(join(DEBIAN, 'master.cf.proto'), 'utf8')
    .replace(/^smtp +inet .*$/m, `127.0.0.1:${port} inet n - n - - smtpd`)
    // Service, type, private, unprivileged, chroot: a folder of ours has none of the files that a chroot needs.
    .replaceAll(/^(\S+ +\S+ +\S+ +\S+ +)y /gm, '$1n ')
  writeFileSync(join(config, 'master.cf'), services)
  const main = [
    'compatibility_level = 3.6',
    `queue_directory = ${join(folder, 'queue')}`,
    `data_directory = ${join(folder, 'data')}`,
    `maillog_file = ${join(folder, 'mail.log')}`,
    `maillog_file_prefixes = ${folder}`,
    'myhostname = relay.example',
    'mydestination =',
    'inet_interfaces = 127.0.0.1',
    'inet_protocols = ipv4',
    'mynetworks = 127.0.0.0/8',
    'disable_dns_lookups = yes',
    `default_transport = smtp:[127.0.0.1]:${sink}`,
    // What could not go waits a second for its next chance, not five minutes.
    'minimal_backoff_time = 1s',
    'maximal_backoff_time = 1s',
    'queue_run_delay = 1s',
    'alias_maps =',
    'alias_database =',
    ...settings,
  ]
  writeFileSync(join(config, 'main.cf'), `${main.join('\n')}\n`)
  const command = (...args: string[]) => execFileSync('postfix', ['-c', config, ...args], { stdio: 'pipe' })
  const log = () =>
    existsSync(join(folder, 'mail.log')) ? readFileSync(join(folder, 'mail.log'), 'utf8') : ''

  return {
    port,
    async start() {
      command('start')
      for (let tries = 0; !(await greets(port)); tries++) {
        if (tries > 100) throw new Error(`Postfix does not answer:\n${log()}`)
        await sleep(100)
      }
    },
    stop: () => void command('stop'),
    log,
    remove() {
      try {
        command('status')
        command('abort')
      } catch {
        // It does not run, which is what is wanted.
      }
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Whether it is our Postfix that answers there. */
async function greets(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('error', () => resolve(false))
    socket.once('close', () => resolve(false))
    socket.once('data', (greeting) => {
      resolve(String(greeting).startsWith('220 relay.example'))
      socket.end('QUIT\r\n')
    })
  })
}
