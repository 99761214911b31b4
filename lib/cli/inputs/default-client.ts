import { userInfo } from 'node:os'
import type { Environment } from '../../endpoint/environment.ts'

/**
 * The default name of a client: the user who typed the command, also with sudo.
 *
 * @returns undefined without a login name that can be used
 */
export async function defaultClient({ SUDO_USER }: Environment): Promise<string | undefined> {
  const login = SUDO_USER === undefined || SUDO_USER === '' ? loginName() : SUDO_USER
  const { suggestClientName } = await import('../../pki/client-name.ts')
  return login === undefined ? undefined : suggestClientName(login)
}

/** In a container there may be a uid that no passwd file knows. */
function loginName(): string | undefined {
  try {
    return userInfo().username
  } catch {
    return undefined
  }
}
