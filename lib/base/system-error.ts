/** The code of a failed system call, such as `ENOENT`; empty for anything else. */
export function codeOf(error: unknown): string {
  const code = (error as { readonly code?: unknown } | null | undefined)?.code
  return typeof code === 'string' ? code : ''
}

/** Did a system call fail because nothing is at the path? */
export function isMissing(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(codeOf(error))
}

/** An error with a code, as Node creates it for a failed system call. */
export function errorWithCode(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}
