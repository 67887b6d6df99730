/** A fault in one of the author's files: where it stands, what was found, what to write instead. */
export type Fault = {
  /** Path as the author would type it, relative to the site folder, with forward slashes. */
  file: string
  /** First line is 1; absent where the fault is about the whole file. */
  line?: number
  /** Found, expected and cure in one or two sentences, without the file name. */
  message: string
}

/**
 * A mistake of the user's or of the world's, not a bug: told without a stack trace, exit code 1.
 *
 * `message` says what was found, where, and what was expected. `hint` says what to try.
 */
export class UserError extends Error {
  readonly hint: string | undefined

  constructor(message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'UserError'
    this.hint = options.hint
  }
}

/** A command called in a way that it has no meaning: exit code 2. */
export class UsageError extends UserError {}

/** Several faults of one run, told together so that one look mends them all. */
export class FaultsError extends UserError {
  readonly faults: Fault[]

  constructor(faults: Fault[], hint?: string) {
    super(faults.map(describeFault).join('\n'), hint === undefined ? {} : { hint })
    this.name = 'FaultsError'
    this.faults = faults
  }
}

/** `posts/hello.md:3: "date" is "yesterday"; write it as 2026-01-31`, the form that editors and people can jump to. */
export function describeFault(fault: Fault): string {
  const place = fault.line === undefined ? fault.file : `${fault.file}:${fault.line}`
  return `${place}: ${fault.message}`
}

/** The code of a system error such as `ENOENT`, or undefined for anything else. */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

/** Waits for all of them, and tells the mistakes of all together; anything else that is thrown comes first. */
export async function together<Result>(all: Promise<Result>[]): Promise<Result[]> {
  const failures = (await Promise.allSettled(all)).flatMap((each) =>
    each.status === 'rejected' ? [each.reason] : [],
  )
  const mistakes = failures.filter((each) => each instanceof UserError)
  if (mistakes.length < failures.length) throw failures.find((each) => !mistakes.includes(each))
  const [first] = mistakes
  const messages = [...new Set(mistakes.map((each) => each.message))]
  if (first && messages.length > 1)
    throw new UserError(messages.join('\n'), first.hint === undefined ? {} : { hint: first.hint })
  return Promise.all(all)
}
