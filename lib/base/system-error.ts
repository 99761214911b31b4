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

/**
 * The reason of a failed system call in words, such as `permission denied`. Node's own message begins with the code, and ends with
 * the call and its paths, even temporary ones, or its addresses: `EACCES: permission denied, open '/x/.ca.pem.1f0c'`. The message
 * of any other error is returned as it is.
 */
export function systemReason(error: unknown): string {
  const { errno, message } = error as NodeJS.ErrnoException
  if (typeof errno !== 'number') return message
  // Loaded only for an error.
  const { getSystemErrorMap } = process.getBuiltinModule('node:util')
  const [, reason = message] = getSystemErrorMap().get(errno) ?? []
  return reason
}
