import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { makeImage } from '../daemon/harness/image.ts'
import { startSecuredDaemon, type SecuredDaemon } from '../daemon/harness/secured.ts'
import { runCommand } from '../support/command.ts'
import { TYPESCRIPT } from '../support/programs.ts'
import { lacks } from '../support/requirements.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** Each example sends bytes through an exec, half-closes the connection, and reads until the end. */
const EXAMPLES: readonly (readonly [name: string, needs: readonly string[], says: RegExp])[] = [
  ['interop-dockerode', ['peer dockerode'], /^dockerode: 2100000 bytes sent, 2100000 received\n$/],
  [
    'interop-node-sdk',
    ['peer @docker/node-sdk'],
    /^@docker\/node-sdk: API 1\.\d+\n2100000 bytes sent, 2100000 received\n$/,
  ],
  ['interop-https-agent', [], /^node:https: 2000000 bytes sent, wc counts 2000000\n+$/],
  ['bridge', [], /^export DOCKER_HOST=unix:\/\/\S+\n2000000 bytes sent, wc counts 2000000\n+$/],
]

describe('the examples of interop, with a real daemon', { skip: lacks('namespaces', 'dockerd') }, () => {
  let daemon: SecuredDaemon
  let image: string
  before(async () => {
    daemon = await startSecuredDaemon()
    image = await makeImage(daemon)
  })
  after(() => daemon.stop())

  for (const [name, needs, says] of EXAMPLES) {
    test(name, { skip: lacks(...needs) }, async () => {
      const command = [...TYPESCRIPT, `examples/${name}.ts`, image]
      const { code, stdout, stderr } = await runCommand(process.execPath, command, { env: daemon.clientEnv, cwd: ROOT })
      assert.deepEqual([code, stderr], [0, ''])
      assert.match(stdout, says)
    })
  }
})
