/**
 * The folder of the pictures that mails show, `media` beside the journal. What a mail shows has to be there for as
 * long as somebody keeps the mail: nothing in it is ever changed or removed, and none of it can be made again once the
 * author's file is another one.
 *
 * A picture is named by its bytes. What an author's file was made into is remembered in `media/drawn` until the file
 * is another one, so that it is drawn once, whoever asks; that folder may be deleted.
 */
import { hash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Config } from '../config.ts'
import { readIfThere, replaceFile } from '../file.ts'

/** A picture in the folder; the size is that of the author's file, in CSS pixels. */
export type Hosted = { name: string; width: number; height: number }

export type Ending = 'png' | 'jpg' | 'gif'

/** Another number once the same file would be drawn another way. */
const WAY = 1

type Place = Pick<Config, 'journal'>

export function mediaFolder({ journal }: Place): string {
  return join(dirname(journal.file), 'media')
}

/** Whether a name is that of a picture of the folder. */
export function isMediaName(name: string): boolean {
  return /^[0-9a-f]{32}\.(?:png|jpg|gif)$/.test(name)
}

/**
 * Puts a picture into the folder, if it is not there.
 *
 * @throws UserError where it cannot be written
 */
export async function hostPicture(bytes: Uint8Array, ending: Ending, place: Place): Promise<string> {
  const name = `${digest(bytes)}.${ending}`
  await replaceFile(join(mediaFolder(place), name), Buffer.from(bytes))
  return name
}

/**
 * What a file was made into the last time.
 *
 * @param stamp another text once the file is another
 */
export async function recallDrawn(stamp: string, place: Place): Promise<Hosted | null> {
  const known = await readIfThere(drawnFile(stamp, place))
  const hosted = known && readHosted(known.toString())
  return hosted && existsSync(join(mediaFolder(place), hosted.name)) ? hosted : null
}

export async function rememberDrawn(stamp: string, hosted: Hosted, place: Place): Promise<void> {
  await replaceFile(drawnFile(stamp, place), `${JSON.stringify(hosted)}\n`)
}

function drawnFile(stamp: string, place: Place): string {
  return join(mediaFolder(place), 'drawn', `${digest(`${WAY} ${stamp}`)}.json`)
}

/** Half of a SHA-256: nobody finds two files of one name, and an address stays short. */
function digest(bytes: Uint8Array | string): string {
  return hash('sha256', bytes, 'hex').slice(0, 32)
}

function readHosted(text: string): Hosted | null {
  try {
    const { name, width, height } = JSON.parse(text)
    const isSound = typeof name === 'string' && isMediaName(name) && width > 0 && height > 0
    return isSound ? { name, width: Number(width), height: Number(height) } : null
  } catch (error) {
    // Not as we wrote it, so it is drawn again.
    if (error instanceof SyntaxError || error instanceof TypeError) return null
    throw error
  }
}
