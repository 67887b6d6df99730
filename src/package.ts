/**
 * Where Posthorn itself is: the folder with `templates/`. It is looked for, not counted in `..`, because the same
 * code runs from `src/` in a checkout and bundled from `dist/` in a package.
 */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { errorCode } from './errors.ts'

/** The absolute path of the folder that holds the `package.json` of Posthorn. */
export function packageFolder(): string {
  const start = dirname(fileURLToPath(import.meta.url))
  for (let folder = start; ; folder = dirname(folder)) {
    if (packageName(folder) === 'posthorn') return folder
    if (folder === dirname(folder))
      throw new Error(`no package.json of posthorn in ${start} or in a folder above it`)
  }
}

/** The version that this code is. */
export function packageVersion(): string {
  return JSON.parse(readFileSync(join(packageFolder(), 'package.json'), 'utf8')).version
}

function packageName(folder: string): unknown {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).name
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}
