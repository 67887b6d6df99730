/**
 * The script of the child process that `mjml.ts` starts: MJML source in, HTML or faults out. MJML brings 200 packages
 * and grows to hundreds of megabytes, so it lives here and ends with the round instead of staying in the worker.
 */
import { answerParent } from '../child.ts'

export type MjmlAnswer = { html: string } | { faults: MjmlFault[] }
/** A fault in the MJML source; `line` counts from 1 in it. */
export type MjmlFault = { line: number | null; message: string }

answerParent(compile)

async function compile(source: string): Promise<MjmlAnswer> {
  const { default: mjml2html } = await import('mjml')
  try {
    const { html } = await mjml2html(source, {
      validationLevel: 'strict',
      // The default names Google's font server: each reader's mail program would tell it who opened the mail.
      fonts: {},
      // An include would read files that Liquid's partials already cover, and a denied one is a comment, not an error.
      ignoreIncludes: true,
    })
    return { html }
  } catch (error) {
    return { faults: faultsOf(error) }
  }
}

function faultsOf(error: unknown): MjmlFault[] {
  const message = error instanceof Error ? error.message : String(error)
  if (!(error instanceof Error) || !('errors' in error) || !Array.isArray(error.errors))
    return [{ line: null, message }]
  return error.errors.map((fault: { line?: number; tagName?: string; message?: string }) => ({
    line: fault.line ?? null,
    message: `<${fault.tagName ?? 'mjml'}>: ${fault.message ?? message}`,
  }))
}
