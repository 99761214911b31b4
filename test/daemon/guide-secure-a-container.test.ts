import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { CLI } from '../cli/support/run-cli.ts'
import { shellLine } from '../../lib/base/quoting/posix.ts'
import { follow, readGuide } from '../support/guide.ts'
import { runCommand } from '../support/command.ts'
import { lacks } from '../support/requirements.ts'
import { startSecuredDaemon, type SecuredDaemon } from './harness/secured.ts'

describe('the guide secure-a-container', { skip: lacks('namespaces', 'dockerd', 'docker', 'busybox', 'ip') }, () => {
  let daemon: SecuredDaemon
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'guide-'))
    await writeFile(join(folder, 'docker-mtls'), `#!/bin/sh\nexec ${shellLine(...CLI)} "$@"\n`)
    await chmod(join(folder, 'docker-mtls'), 0o755)
    daemon = await startSecuredDaemon()
  })
  after(async () => {
    await daemon?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  for (const { title, blocks } of readGuide('secure-a-container')) {
    test(title, async () => {
      const env = { ...daemon.clientEnv, DOCKER_CONFIG: folder, HOME: folder, PATH: `${folder}:${process.env['PATH']}` }
      const run = async (_: string, script: string): Promise<{ code: number; stdout: string }> => {
        const { code, stdout } = await runCommand('bash', ['-ec', script], { env, cwd: folder })
        return { code, stdout: stdout.replaceAll(daemon.host, 'tcp://build01.example.com:2376') }
      }
      for (const block of blocks) await follow('secure-a-container', block, new Map(), run)
    })
  }
})
