import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Config, loadConfig } from '../../src/config.ts'

/** The configuration of a garden's blog, in a folder that has nothing else. */
export function makeConfig(folder: string, language: string, changes: Partial<Config['newsletter']>): Config {
  const settings = {
    site: {
      title: 'The Garden & Shed',
      url: 'https://garden.example',
      description: 'Notes on tomatoes and software.',
      language,
      author: { name: 'Ada' },
    },
    newsletter: {
      from: { name: 'The Garden', email: 'news@garden.example' },
      postalAddress: 'The Garden, 1 Example Street, 12345 Exampletown',
      ...changes,
    },
    web: { url: 'https://mail.garden.example' },
  }
  const file = join(folder, 'config.json')
  writeFileSync(file, JSON.stringify(settings))
  return loadConfig(file, {})
}
