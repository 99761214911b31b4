import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { renderClientEnv } from '../../lib/daemon.ts'
import { createAuthority, issueClient, KEY_TYPES } from '../../lib/pki.ts'
import { lacks } from '../support/requirements.ts'
import { startSecuredDaemon, type SecuredDaemon } from './harness/secured.ts'
import { writeCertFolder, type FolderFiles } from './support/cast.ts'
import { FOREIGN_CLIENTS, type Errand, type Outcome } from './support/foreign-clients.ts'

const skip = lacks('namespaces', 'dockerd', 'ip', ...FOREIGN_CLIENTS.flatMap(({ needs }) => needs))

/** What each client finds in its folder. */
async function credentials({ client }: SecuredDaemon): Promise<Readonly<Record<Outcome, FolderFiles>>> {
  const [ca, cert, key] = await Promise.all([client.ca, client.cert, client.key].map((file) => readFile(file, 'utf8')))
  assert.ok(ca && cert && key)
  const authority = await createAuthority()
  const foreign = await issueClient(authority, { name: 'stranger' })
  const ours = { ca, cert, key }
  return {
    ours,
    'no certificate': { ca },
    "a foreign CA's certificate": { ca, cert: foreign.cert, key: foreign.key },
    'a daemon of a foreign CA': { ca: foreign.ca, cert, key },
    'plain HTTP': ours,
  }
}

/** A folder, and the file of variables that leads to it: its name is one that has to be quoted. */
async function prepare(daemon: SecuredDaemon, outcome: Outcome, files: FolderFiles): Promise<Errand> {
  const certPath = await writeCertFolder(join(daemon.place.folder, `it's "${outcome}" $HOME`), files)
  const envFile = join(certPath, 'env.sh')
  const { port } = daemon.place
  await writeFile(envFile, renderClientEnv({ host: `tcp://localhost:${port}`, certPath }, 'sh'))
  return { port, certPath, envFile }
}

for (const keyType of KEY_TYPES) {
  describe(`${keyType}: other people's clients with our files and variables`, { skip }, () => {
    let daemon: SecuredDaemon
    let files: Readonly<Record<Outcome, FolderFiles>>
    before(async () => {
      daemon = await startSecuredDaemon({ keyType })
      files = await credentials(daemon)
    })
    after(() => daemon.stop())

    for (const { name, run, says } of FOREIGN_CLIENTS) {
      for (const [outcome, words] of Object.entries(says) as [Outcome, RegExp][]) {
        test(`${name}: ${outcome} is ${outcome === 'ours' ? 'taken' : 'refused'}`, async () => {
          const { code, stdout, stderr } = await run(outcome, await prepare(daemon, outcome, files[outcome]))
          assert.match(stdout + stderr, words)
          assert.equal(code === 0, outcome === 'ours', `it ended with ${code}`)
        })
      }
    }
  })
}
