/** A file that the folder which is served has to hold. Stages say which; `write.ts` makes it so. */
export type Wanted = {
  /** The author's file that it is for, as they would type it; null for what is about the whole site. */
  source: string | null
  /** Another text whenever `make` would make something else. */
  from: string
  /** Makes the bytes; called when they are needed and not before. */
  make: () => string | Promise<Buffer>
  /**
   * Where it stands in the order of writing. What leads to other files is written when they are there: whoever finds
   * a new entry in a feed finds its page, with its pictures.
   */
  step: 'copy' | 'page' | 'list' | 'feed'
  /** How hard brotli works on its sibling `.br`, from 0 to 11; null for what has none, since it is compressed already. */
  brotli: number | null
  /** How many entries a feed has, for reports. */
  entries?: number
}

const STEPS = ['copy', 'page', 'list', 'feed'] as const satisfies Wanted['step'][]

/** Files in the order of their steps; those of one step stay as they are. */
export function inOrder(files: [string, Wanted][]): [string, Wanted][] {
  return STEPS.flatMap((step) => files.filter(([, file]) => file.step === step))
}

/** The files by their path below the folder, with forward slashes. */
export type WantedFiles = Map<string, Wanted>
