import { cp } from 'node:fs/promises'
import { grant } from '../../../lib/grants/grant.ts'
import { initialise } from '../../../lib/keystore/init/init.ts'
import { rotateAuthority } from '../../../lib/keystore/rotate/rotate.ts'
import { requestClient } from '../../../lib/keystore/client/request.ts'
import { PkiFolder } from '../../../lib/pki.ts'
import { killedBefore } from '../../contexts/support/crash.ts'

/** What a process may be killed in. */
const RUNS: Readonly<Record<string, (root: string) => Promise<unknown>>> = {
  init: (root) => {
    const server = { names: ['build01.example.com'], root: '/nonexistent', probe: true }
    return initialise({ folder: root, clients: ['alice'], ...server })
  },
  client: (root) => new PkiFolder(root).ensureClient('carol'),
  renewal: (root) => new PkiFolder(root).ensureClient('alice', { renew: true }),
  request: (root) => requestClient({ name: 'dave', folder: `${root}/dave`, force: true }),
  begin: (root) => rotateAuthority({ folder: root, next: { commonName: 'B' } }),
  grant: (folder) => {
    const policy = `${folder}/policy.yaml`
    return grant({ folder, policy, name: 'ann', lifetime: 3_600_000, level: 'baseline', hostPaths: [] })
  },
  finish: (root) => {
    const confirm = ['alice', 'bob']
    return rotateAuthority({ folder: root, phase: 'clients', confirm, consent: () => Promise.resolve() })
  },
}

/**
 * Runs it in copies of a folder, `FOLDER-1`, `FOLDER-2` and so on, each until before its nth change to the disk. Then this
 * process ends, and with it whatever its temporary files and locks name.
 */
const [, , run = '', start = ''] = process.argv
let step = 0
for (let ended = false; !ended;) {
  const root = `${start}-${++step}`
  await cp(start, root, { recursive: true }).catch(() => undefined)
  ended = await killedBefore(step, () => RUNS[run]?.(root) ?? Promise.reject(new TypeError(run)))
}
process.stdout.write(String(step))
process.exit(0)
