/** Whatever can be typed or configured is in the README. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { openSession } from './commands/session.ts'

const README = readFileSync('README.md', 'utf8')
const COMMANDS = README.slice(README.indexOf('## Commands'), README.indexOf('## Configuration'))
const CONFIGURATION = README.slice(README.indexOf('## Configuration'), README.indexOf('## The folder that'))

test('every command and option', async () => {
  const { posthorn } = openSession()
  const unnamed: string[] = []
  const look = async (command: string) => {
    const help = await posthorn(`${command} --help`)
    const [, inner = ''] = help.split('Commands:\n')
    for (const [, option = ''] of help.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm))
      if (!['--help', '--version'].includes(option) && !COMMANDS.includes(option))
        unnamed.push(`${command} ${option}`)
    for (const [, name = ''] of inner.matchAll(/^ {2}([a-z]+) /gm)) {
      if (name === 'help') continue
      // `issues list`, `show N`: the first word stands once for all of its commands.
      if (!new RegExp(`\`(${command} )?${name}\\b`).test(COMMANDS)) unnamed.push(`${command} ${name}`)
      await look(`${command} ${name}`.trim())
    }
  }
  await look('')
  expect(unnamed).toEqual([])
})

test('every key of the configuration', () => {
  const schema: unknown = JSON.parse(readFileSync('config.schema.json', 'utf8'))
  const keys = new Set<string>()
  JSON.stringify(schema, (name, value) => {
    if (name === 'properties') for (const key of Object.keys(value)) keys.add(key)
    return value
  })
  expect(keys.size).toBeGreaterThan(40)
  expect(
    [...keys].filter((key) => key !== '$schema' && !new RegExp(`\\b${key}\\b`).test(CONFIGURATION)),
  ).toEqual([])
})
