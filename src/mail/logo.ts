/** The site's logo (`newsletter.logo`) as mails show it. */
import { UserError } from '../errors.ts'
import type { Place } from '../pictures/prepare.ts'
import { preparePictures } from '../pictures/prepare.ts'
import { resolveMedia } from '../posts/resolve.ts'

/** In CSS pixels: small enough to leave the title of the post the first word. */
const HIGHEST = 48
const WIDEST = 240

/** Without a height where only the mail program will see how large the picture is. */
export type Logo = { src: string; width: number; height: number | null }

/**
 * Hosts a logo that is a file of the site; one that is an address stays where it is.
 *
 * @param logo an https address, or a path below the site's folder
 * @throws UserError where there is no such picture, or none that mail programs show
 */
export async function prepareLogo(logo: string, place: Place): Promise<Logo> {
  if (URL.canParse(logo)) return { src: logo, width: WIDEST, height: null }
  const url = `${place.site.url}/`
  const refused: string[] = []
  const pictures = await preparePictures(
    [{ post: { file: 'config.json', url }, addresses: [logo] }],
    // What is meant is a path of the site's folder, not of its posts.
    { ...place, posts: { ...place.posts, folder: place.folder } },
    ({ found, cure }) => refused.push(`${found}; ${cure}`),
  )
  const picture = pictures.get(resolveMedia(logo, url) ?? '')
  if (!picture)
    throw new UserError(`"newsletter.logo" is "${logo}", and ${refused[0] ?? 'there is no such file'}`, {
      hint: "write a path of the site's folder, such as logo.png, or an https address",
    })
  const scale = Math.min(1, HIGHEST / picture.height, WIDEST / picture.width)
  return {
    src: picture.src,
    width: Math.round(picture.width * scale),
    height: Math.round(picture.height * scale),
  }
}
