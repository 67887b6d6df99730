import { expect, test } from 'vitest'
import { configSchema } from '../src/config-schema.ts'

// `npm run schema` writes it anew.
test('config.schema.json, which editors read, is what the configuration is checked with', async () => {
  await expect(`${JSON.stringify(configSchema(), null, 2)}\n`).toMatchFileSnapshot('../config.schema.json')
})
