import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { type Place, watchSaves } from '../../src/preview/watch.ts'

function watching(places: (folder: string) => Place[]) {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-watch-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  let saves = 0
  let wake = () => {}
  const watch = watchSaves(
    () => places(folder),
    () => {
      saves++
      wake()
    },
  )
  onTestFinished(watch.close)
  const saved = async () => {
    while (saves === 0)
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    saves = 0
  }
  return { folder, saved, watch, count: () => saves }
}

test('a folder that another one took the place of, as `git checkout` does, is watched on', async () => {
  const { folder, saved } = watching((folder) => [
    { folder: join(folder, 'posts'), without: [] },
    { folder, names: ['posts'] },
  ])
  mkdirSync(join(folder, 'posts'))
  await saved()
  for (const round of [1, 2]) {
    mkdirSync(join(folder, 'new'))
    renameSync(join(folder, 'posts'), join(folder, `old${round}`))
    renameSync(join(folder, 'new'), join(folder, 'posts'))
    await saved()
    writeFileSync(join(folder, 'posts', 'a.md'), String(round))
    await saved()
  }
})

test('many writes are one save; what nobody asked for is none', async () => {
  const { folder, saved, count } = watching((folder) => [
    { folder: join(folder, 'posts'), without: [join(folder, 'posts', 'public')] },
    { folder, names: ['config.json', 'posts'] },
  ])
  mkdirSync(join(folder, 'posts', 'public'), { recursive: true })
  await saved()
  writeFileSync(join(folder, 'posts', 'public', 'index.html'), '')
  writeFileSync(join(folder, 'posts', '.a.md.swp'), '')
  writeFileSync(join(folder, 'posthorn.db'), '')
  for (const text of ['1', '2', '3']) writeFileSync(join(folder, 'config.json'), text)
  await saved()
  expect(count()).toBe(0)
})
