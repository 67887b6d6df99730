/** All that tests write lies in one folder, which goes away when the last of them is done. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export default function tidy(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-'))
  // Postfix runs as a user of its own, and has to get through to its part of it.
  chmodSync(folder, 0o755)
  // Before the workers start: they inherit it, and so do the processes that they start.
  process.env.TMPDIR = folder
  return () => rmSync(folder, { recursive: true, force: true })
}
