/** `node build-child.ts FOLDER TIME`: builds a site at a time, in a process whose time zone and locale are its own. */
import { publishFolder } from './torture.ts'

const [folder, time] = process.argv.slice(2) as [string, string]
await publishFolder(folder, new Date(time))
