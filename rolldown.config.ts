/**
 * The package is bundled, libraries included: it starts quickly, an install fetches nothing else, and what runs is
 * what was tested. The price is that `npm audit` in the installed package sees no dependency: run it in the checkout.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineConfig, type Plugin } from 'rolldown'

/** What browsers run is read as text by web/work.ts: no import leads to it either, and nothing of ours is in it. */
const SOLVER = fileURLToPath(import.meta.resolve('altcha/workers/pbkdf2'))

export default defineConfig({
  // The others are scripts of child processes and of a thread: no import leads to them.
  input: {
    cli: 'src/cli.ts',
    'mjml-child': 'src/mail/mjml-child.ts',
    'picture-child': 'src/pictures/picture-child.ts',
    'read-thread': 'src/posts/read-thread.ts',
  },
  platform: 'node',
  // Native code for each platform, which npm chooses where Posthorn is installed, if there is any.
  external: ['sharp'],
  // gray-matter's engine for `---js`, which frontmatter.ts refuses before it could run.
  checks: { eval: false },
  plugins: [solver(), thirdParty()],
  output: {
    dir: 'dist',
    cleanDir: true,
    entryFileNames: '[name].js',
    // Chunks lie beside the entries, since whoever starts a script looks for it beside itself. Not minified: a stack trace
    // in somebody's report should name our functions.
    chunkFileNames: '[name].js',
  },
})

function solver(): Plugin {
  return {
    name: 'solver',
    generateBundle() {
      this.emitFile({ type: 'asset', fileName: 'altcha-solver.js', source: readFileSync(SOLVER) })
    },
  }
}

/** Writes the names and licences of all bundled packages beside the code, as their licences ask. */
function thirdParty(): Plugin {
  return {
    name: 'third-party',
    generateBundle(_, bundle) {
      const packages = new Map<string, string>()
      const chunks = Object.values(bundle).filter((each) => each.type === 'chunk')
      for (const file of [SOLVER, ...chunks.flatMap(({ modules }) => Object.keys(modules))]) {
        if (!file.includes('node_modules')) continue
        const folder = packageOf(file)
        const { name, version, license } = readPackage(folder)
        if (!license) throw new Error(`${name} ${version} names no licence, so it cannot be bundled`)
        packages.set(`${name} ${version} (${license})`, licenceText(folder))
      }
      const parts = [...packages]
        .sort(([a], [b]) => a.localeCompare(b))
        .map(([name, text]) => `${name}\n\n${text}`)
      const source = `Posthorn contains these packages.\n\n${parts.join(`\n${'-'.repeat(80)}\n`)}`
      this.emitFile({ type: 'asset', fileName: 'THIRD-PARTY.txt', source })
    },
  }
}

function packageOf(file: string): string {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    // Some packages have a second package.json inside that only says "module".
    if (existsSync(join(folder, 'package.json')) && readPackage(folder).name) return folder
    if (folder === dirname(folder)) throw new Error(`${file} belongs to no package`)
  }
}

function readPackage(folder: string): { name?: string; version?: string; license?: string } {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
}

function licenceText(folder: string): string {
  const file = readdirSync(folder).find((name) => /^(licen[cs]e|copying)/i.test(name))
  return file === undefined ? 'The package has no licence file.\n' : readFileSync(join(folder, file), 'utf8')
}
