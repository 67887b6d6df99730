/** The command line: which commands there are and how they are called. What they do is one file each. */
import { resolve } from 'node:path'
import { Command, CommanderError, Option } from 'commander'
import { type Config, loadConfig } from '../config.ts'
import { packageVersion } from '../package.ts'
import { closeSite, describeReplayed, openSite, type Site } from '../site.ts'
import { openTerminal, type Streams, type Terminal, tellFailure } from '../terminal.ts'

/** Where a command runs: everything it may know of the world. */
export type Surroundings = {
  streams: Streams
  env: NodeJS.ProcessEnv
  /** The folder that names of files are relative to. */
  folder: string
  now: () => Date
  /** Ends what runs for long, once what is in flight is finished. */
  signal: AbortSignal
}

/** What every command gets. */
export type Context = {
  terminal: Terminal
  surroundings: Surroundings
  /** Reads the site's configuration. */
  config(): Config
  /** Opens the site, and closes it when the work is done or has failed. */
  withSite<Result>(work: (site: Site) => Promise<Result>): Promise<Result>
}

/** Done; a mistake of the user's or the world's; wrong usage; done in part. */
export const EXIT = { done: 0, failed: 1, usage: 2, partly: 3 } as const

type Run = (context: Context, ...args: never[]) => Promise<number>

/**
 * Runs one command.
 *
 * @param args what follows `posthorn`
 * @returns the exit code
 */
export async function main(args: string[], surroundings: Surroundings): Promise<number> {
  const terminal = openTerminal(surroundings.streams)
  let exit: number = EXIT.done
  const program = commands(surroundings, terminal, (code) => {
    exit = code
  })
  try {
    await program.parseAsync(args, { from: 'user' })
    return exit
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage
    return tellFailure(terminal, error)
  }
}

function commands(surroundings: Surroundings, terminal: Terminal, done: (code: number) => void): Command {
  const program = new Command('posthorn')
    .description('Turns a folder of Markdown posts into feeds and a newsletter.')
    .version(packageVersion(), '-V, --version')
    .option('--config <file>', 'the configuration, or the folder it is in')
    .addHelpText('after', '\nStart with `posthorn init my-blog`. Each command has its own --help.')
    .showHelpAfterError('(--help shows how it is called)')
    .configureOutput({
      writeOut: (text) => void surroundings.streams.stdout.write(text),
      writeErr: (text) => void surroundings.streams.stderr.write(text),
      outputError: (text, write) => write(text.replace(/^error: /, 'posthorn: ')),
    })
    .exitOverride()

  const context: Context = {
    terminal,
    surroundings,
    config() {
      const { config = '.' } = program.opts<{ config?: string }>()
      return loadConfig(resolve(surroundings.folder, config), surroundings.env)
    },
    async withSite(work) {
      const site = await openSite(context.config(), surroundings.now)
      try {
        const replayed = describeReplayed(site.replayed)
        if (replayed) terminal.say(replayed)
        return await work(site)
      } finally {
        await closeSite(site)
      }
    },
  }

  // Each command is loaded when it is called, so that `status` does not wait for what `send` needs.
  const runs =
    (load: () => Promise<Run>) =>
    async (...args: unknown[]) =>
      // Commander puts itself last, after the arguments and the options.
      done(await (await load())(context, ...(args.slice(0, -1) as never[])))
  const add = (parent: Command, usage: string, description: string) =>
    parent
      .command(usage)
      .description(description)
      .option('--config <file>', 'the configuration')
      .hook('preAction', hoistConfig(program))
  const rhythm = () =>
    new Option('--digest <rhythm>', 'the digest of a rhythm').choices(['daily', 'weekly', 'monthly'])

  // Given twice, both are required: the last alone would mail people whom the first leaves out.
  const where = () =>
    new Option(
      '--where <filter>',
      'those who have all of it: tag:release lang:de -domain:example.org; also follows:, since:, rhythm:',
    ).argParser((filter: string, before: string[] = []) => [...before, filter])

  add(program, 'init [folder]', 'make a new site that works at once').action(
    runs(async () => (await import('./init.ts')).init),
  )
  add(program, 'build', 'write feeds and pages, send nothing')
    .option('--json', 'as JSON')
    .action(runs(async () => (await import('./build.ts')).build))
  add(program, 'check [posts...]', 'faults of posts, and what a mail program would spoil')
    .option('--json', 'as JSON')
    .action(runs(async () => (await import('./check.ts')).check))
  add(program, 'preview [post]', 'a post in your browser, anew at each save')
    .option('--listen <address>', 'where the browser reaches it', '127.0.0.1:0')
    .action(runs(async () => (await import('./preview.ts')).preview))
  add(program, 'plan [posts...]', 'what would be sent, to whom and why not to others')
    .addOption(rhythm())
    .option('--at <time>', 'as if sent then')
    .option('--to <address...>', 'these subscribers only')
    .addOption(where())
    .option('--anyway', 'whatever a mail program would spoil')
    .option('--json', 'as JSON')
    .action(runs(async () => (await import('./plan.ts')).plan))
  add(program, 'send [posts...]', 'send posts, or a digest, by hand')
    .addOption(rhythm())
    .option('--plan <id>', 'refuse unless it is what this plan showed')
    .option('--at <time>', 'send then, not now')
    .option('--to <address...>', 'these subscribers only')
    .addOption(where())
    .option('--test <address>', 'one test message, counted for nobody')
    .option('--dry-run', 'show the plan and send nothing')
    .option('--anyway', 'send it, whatever a mail program would spoil')
    .option('-y, --yes', 'do not ask')
    .option('--json', 'as JSON')
    .action(runs(async () => (await import('./send.ts')).send))
  add(program, 'worker', 'do a round each minute, and serve the web pages')
    .option('--once', 'one round, then exit')
    .option('--json', 'with --once: what was done, as JSON')
    .action(runs(async () => (await import('./worker.ts')).worker))
  add(program, 'serve', 'serve the web pages alone').action(
    runs(async () => (await import('./worker.ts')).serve),
  )
  add(program, 'status', 'posts, faults, subscribers, issues and deliveries')
    .option('--json', 'as JSON')
    .action(runs(async () => (await import('./status.ts')).status))

  add(program, 'dkim', 'make the key that signs mail, and show what to publish in the DNS')
    .option('--selector <name>', 'the name of the key in the DNS, for one more than there is')
    .option('--ed25519', 'a second key beside the RSA one')
    .option('--json', 'as JSON')
    .action(runs(async () => (await import('./dkim.ts')).dkim))

  const issues = program.command('issues').description('what went out and how it goes')
  add(issues, 'list', 'the newest issues')
    .option('--json', 'as JSON')
    .action(runs(async () => (await import('./issues.ts')).listIssues))
  add(issues, 'show <number>', 'one issue and its deliveries')
    .option('--json', 'as JSON')
    .option('--html <file>', 'write what it says to a file, to look at it')
    .action(runs(async () => (await import('./issues.ts')).showIssue))
  add(issues, 'watch <number>', 'how an issue goes, until it is over').action(
    runs(async () => (await import('./issues.ts')).watchIssue),
  )
  const control = (
    usage: string,
    description: string,
    name: 'pause' | 'resume' | 'cancel' | 'retry' | 'release',
  ) =>
    add(issues, `${usage} <numbers...>`, description).action(
      runs(async () => (await import('./control.ts'))[name]),
    )
  control('pause', 'stop an issue until it is resumed', 'pause')
  control('resume', 'go on with a paused issue', 'resume')
  control('cancel', 'stop an issue for good', 'cancel')
  control('retry', 'queue once more what failed', 'retry')
  control('release', 'let a held issue go, with its posts as they are now', 'release')
  add(issues, 'resolve <number>', 'settle deliveries whose fate is unknown')
    .option('--sent', 'take them for sent')
    .option('--resend', 'send each once more, the same to the byte')
    .action(runs(async () => (await import('./control.ts')).resolve))

  const subscribers = program.command('subscribers').description('who reads, and who asked to')
  add(subscribers, 'list', 'all subscribers')
    .addOption(where())
    .option('--json', 'as JSON')
    .action(runs(async () => (await import('./subscribers.ts')).list))
  add(subscribers, 'add <address>', 'add somebody; without --confirmed they are asked first')
    .option('--confirmed', 'they have consented elsewhere')
    .option('--name <name>', 'how they are called')
    .addOption(
      new Option('--rhythm <rhythm>', 'how often they are mailed')
        .choices(['instant', 'daily', 'weekly', 'monthly', 'paused'])
        .default('instant'),
    )
    .action(runs(async () => (await import('./subscribers.ts')).add))
  add(subscribers, 'show <address>', 'everything that is known about somebody')
    .option('--json', 'as JSON')
    .action(runs(async () => (await import('./subscribers.ts')).show))
  add(
    subscribers,
    'move <old> <new>',
    'give a reader another address; without --confirmed that is asked first',
  )
    .option('--confirmed', 'they have said so themselves, to you')
    .action(runs(async () => (await import('./subscribers.ts')).move))
  add(subscribers, 'import <file>', 'add people from a CSV file: of yours, or another program’s export')
    .option('--confirmed', 'they have consented elsewhere')
    .option('--dry-run', 'show what would change, and change nothing')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nIt takes what Mailchimp, Substack, Buttondown, Ghost, listmonk, Beehiiv, Kit and Posthorn export, as it is,\nand any CSV file with a column `email`.',
    )
    .action(runs(async () => (await import('./lists.ts')).importFile))
  add(subscribers, 'imports', 'which lists people came by, and how to take one back')
    .option('--undo <number>', 'remove whom it brought, save those who did anything since')
    .option('-y, --yes', 'with --undo: do not ask')
    .option('--json', 'as JSON')
    .action(runs(async () => (await import('./imports.ts')).imports))
  add(subscribers, 'export', 'all subscribers as CSV, on stdout; an import takes it back')
    .addOption(where())
    .action(runs(async () => (await import('./lists.ts')).exportAll))
  add(
    subscribers,
    'unsubscribe <who>',
    'take somebody off who asked you to; WHO: an address, or what their mail says',
  ).action(runs(async () => (await import('./subscribers.ts')).unsubscribe))
  add(subscribers, 'allow <address>', 'let an address be mailed again that was not to be')
    .option('-y, --yes', 'do not ask')
    .action(runs(async () => (await import('./subscribers.ts')).allow))
  add(subscribers, 'erase <address>', 'remove somebody and all that is kept of them, save a keyed hash')
    .option('-y, --yes', 'do not ask')
    .action(runs(async () => (await import('./subscribers.ts')).erase))
  return program
}

/** `--config` may stand anywhere on the line. */
function hoistConfig(program: Command) {
  return (_: Command, action: Command) => {
    const { config } = action.opts<{ config?: string }>()
    if (config !== undefined) program.setOptionValue('config', config)
  }
}
