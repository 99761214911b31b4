import type { Policy } from '../../policy/file/types.ts'
import type { Context } from '../command.ts'
import { inputName, readInput } from './input-file.ts'

/**
 * Reads a policy from a file, or from stdin for `-`.
 *
 * @throws {@link PolicyError} ERR_POLICY_INVALID
 * @throws {@link FileError} ERR_FILE_READ
 */
export async function readPolicyFile(path: string, { io }: Context): Promise<Policy> {
  const { parsePolicy } = await import('../../policy/file/parse.ts')
  const bytes = await readInput(path, io, { what: 'the policy', names: /\.ya?ml$/ })
  return parsePolicy(bytes.toString('utf8'), inputName(path))
}
