import type { Environment } from '../../endpoint/environment.ts'
import { isThere } from '../../base/files.ts'
import { SELF, sentence } from '../../base/sentence.ts'
import { enumerate } from '../../base/text.ts'
import { clientPaths } from '../../keystore/layout.ts'
import type { SetupTarget } from '../../setup/target.ts'
import { usageError } from '../errors.ts'
import { defaultClient } from './default-client.ts'

const WHERE = sentence`${SELF} setup`

/**
 * The client of a setup that names none: the user's own. If it isn't in the folder, then the one that set these hosts up, or
 * the only one that is there. Another client would be another key with root access, so it is created only if the folder has none.
 *
 * @throws {@link ArgumentError} ERR_USAGE
 */
export async function setupClient(dir: string, targets: readonly SetupTarget[], env: Environment): Promise<string> {
  const { clientNames } = await import('../../keystore/keystore.ts')
  const { readSetupRecord } = await import('../../keystore/setup-record.ts')
  const own = await defaultClient(env)
  const there: string[] = []
  for (const name of await clientNames(dir)) if (await isThere(clientPaths(dir, name).key)) there.push(name)
  const records = await Promise.all(targets.map(({ folder }) => readSetupRecord(dir, folder)))
  const used = there.filter((name) => records.some((record) => record?.client === name))
  const [client = own, ...others] = own !== undefined && there.includes(own) ? [own] : used.length > 0 ? used : there
  if (client === undefined) throw usageError(WHERE, "your login name can't be used as a client name", NAME_IT)
  if (others.length === 0) return client
  throw usageError(WHERE, `${dir} has several clients: ${enumerate([client, ...others])}`, NAME_IT)
}

const NAME_IT = 'Name the client:  --client NAME'
