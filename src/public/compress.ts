/** The compressed siblings `X.gz` and `X.br` that static hosts and Posthorn's own server send in the place of a file X. */
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import { readIfThere } from '../file.ts'
import { putSibling, versionOf } from './put.ts'

const toGzip = promisify(gzip)
const toBrotli = promisify(brotliCompress)

/**
 * Writes both siblings of a file. The same bytes give the same siblings on any day: gzip's time field stays 0. Nothing
 * is written where the file is another or gone by the time they are made.
 *
 * @param quality brotli's, 0 to 11; above 9 gzip does its best too
 * @throws UserError where one cannot be written
 */
export async function compressFile(path: string, quality: number): Promise<void> {
  const version = versionOf(path)
  const bytes = await readIfThere(path)
  if (bytes === null || version === null) return
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: quality,
    [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
  }
  const [gz, br] = await Promise.all([
    toGzip(bytes, { level: quality > 9 ? 9 : 6 }),
    toBrotli(bytes, { params }),
  ])
  putSibling(path, '.gz', gz, version)
  putSibling(path, '.br', br, version)
}
