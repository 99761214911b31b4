import assert from 'node:assert/strict'
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { parse } from 'yaml'
import { shellLine } from '../../lib/base/quoting/posix.ts'
import { COMMAND } from '../support/programs.ts'
import { runCommand } from '../support/command.ts'
import { follow, readGuide, type Authorities } from '../support/guide.ts'
import { lacks } from '../support/requirements.ts'
import { makeImage } from './harness/image.ts'
import { startSecuredDaemon, type SecuredDaemon } from './harness/secured.ts'

const GUIDE = 'audit-in-ci'

describe(`the guide ${GUIDE}`, { skip: lacks('namespaces', 'dockerd', 'docker', 'busybox') }, () => {
  const known: Authorities = new Map()
  let daemon: SecuredDaemon
  let run: (where: string, script: string) => Promise<{ code: number; stdout: string }>
  before(async () => {
    daemon = await startSecuredDaemon()
    await makeImage(daemon, 'web:1.2.3')
    const [home, bin] = [join(daemon.place.folder, 'home'), join(daemon.place.folder, 'bin')]
    await Promise.all([mkdir(home), mkdir(bin)])
    await symlink(daemon.pki.path, join(home, 'docker-mtls'))
    const command = shellLine(process.execPath, ...COMMAND)
    await writeFile(join(bin, 'docker-mtls'), `#!/bin/sh\nexec ${command} "$@"\n`, { mode: 0o755 })
    run = (_, script) =>
      runCommand('bash', ['-ec', `exec 2>&1; PATH=${bin}:$PATH\n${script}`], {
        cwd: home,
        env: { ...daemon.clientEnv, HOME: home },
      })
  })
  after(() => daemon.stop())

  for (const { title, blocks } of readGuide(GUIDE)) {
    test(title, async () => {
      for (const block of blocks) await follow(GUIDE, block, known, run)
    })
  }

  test('has a workflow whose audit runs, and fails with its findings', async () => {
    const [workflow = ''] =
      /^```yaml\n([^]*?)^```$/m.exec(await readFile(`docs/guide-${GUIDE}.md`, 'utf8'))?.slice(1) ?? []
    const { jobs } = parse(workflow) as { jobs: { audit: { steps: { name?: string; run?: string }[] } } }
    const script =
      jobs.audit.steps
        .find(({ name }) => name === 'Audit')
        ?.run?.trim()
        .replace('npx ', '') ?? ''
    assert.match(script, /--exceptions accepted\.json/)
    assert.equal((await run('runner', `${script} --only C-PRIV`)).code, 0)
    assert.equal((await run('runner', script.replace('--exceptions accepted.json', ''))).code, 3)
    assert.match((await run('runner', 'cat audit.sarif')).stdout, /"ruleId": ?"C-PRIV"/)
  })
})
