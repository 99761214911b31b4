import assert from 'node:assert/strict'
import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { auditSnapshot, type AuditReport } from '../../lib/audit/report.ts'
import { collectSnapshot } from '../../lib/audit/snapshot/collect.ts'
import { hardened } from '../../lib/audit/hardened.ts'
import { lacks } from '../support/requirements.ts'
import type { SecuredOptions } from './harness/secured.ts'
import { SLEEP, startBusyboxEngine } from './support/busybox-engine.ts'

const skip = lacks('namespaces', 'dockerd', 'docker', 'busybox', 'ip')

/** True of the machines of these tests: no AppArmor, or it isn't mounted in their namespaces. */
const OF_THE_MACHINE = 'D-MAC'

/** Daemons as good administrators run them, and every failure that an audit reports. docs/audit.md explains each. */
const DAEMONS: Readonly<Record<string, { readonly options: SecuredOptions; readonly fail: string }>> = {
  'with the defaults of dockerd': { options: {}, fail: 'D-ICC D-NNP D-USERNS' },
  'with user namespaces': { options: { config: { usernsRemap: 'default' } }, fail: 'D-ICC D-NNP' },
  'with the containerd image store': {
    options: { flags: ['--config-file', await daemonJson({ features: { 'containerd-snapshotter': true } })] },
    fail: 'D-ICC D-NNP D-USERNS',
  },
}

async function daemonJson(settings: object): Promise<string> {
  const path = join(await mkdtemp(join(tmpdir(), 'docker-mtls-')), 'daemon.json')
  await writeFile(path, JSON.stringify(settings))
  return path
}

async function audited(options: SecuredOptions): Promise<AuditReport> {
  const engine = await startBusyboxEngine(options)
  try {
    const { docker, image } = engine
    await docker.networks.create({ Name: 'app' })
    const daemon = await collectSnapshot(docker)
    const plain = { Image: image, Cmd: SLEEP, User: '65534', HostConfig: { NetworkMode: 'app' } }
    await engine.start(hardened(plain, {}, { daemon }).body)
    return auditSnapshot(await collectSnapshot(docker))
  } finally {
    await engine.stop()
  }
}

const failed = ({ findings }: AuditReport): string[] =>
  [...new Set(findings.flatMap(({ status, check }) => (status === 'fail' ? [check] : [])))].toSorted()

describe('a good daemon', { skip }, () => {
  for (const [name, { options, fail }] of Object.entries(DAEMONS)) {
    test(`${name}, and a hardened container, have only failures that are explained`, async () => {
      const report = await audited(options)
      assert.deepEqual(report.unread, [])
      assert.deepEqual(
        failed(report).filter((id) => id !== OF_THE_MACHINE),
        fail.split(' '),
      )
    })
  }

  test('has failures that docs/audit.md explains', async () => {
    const page = await readFile('docs/audit.md', 'utf8')
    const ids = new Set(Object.values(DAEMONS).flatMap(({ fail }) => fail.split(' ')))
    for (const id of [...ids, OF_THE_MACHINE]) assert.match(page, new RegExp(`^\\| \\[\`${id}\`\\]`, 'm'))
  })
})
