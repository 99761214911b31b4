import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { collectSnapshot } from '../../lib/audit/snapshot/collect.ts'
import { auditSnapshot, type AuditReport } from '../../lib/audit/report.ts'
import { parseDaemonSettings } from '../../lib/daemon-config/daemon-settings.ts'
import { renderForHost } from '../../lib/daemon-config/render-for-host.ts'
import { parseRequested } from '../../lib/daemon-config/requested-settings.ts'
import { ours } from '../../lib/base/sentence.ts'
import type { ContainerCreateRequest } from '../../lib/index.ts'
import { runCli } from '../cli/support/run-cli.ts'
import { lacks } from '../support/requirements.ts'
import { startBusyboxEngine } from './support/busybox-engine.ts'

const BAD = {
  debug: true,
  experimental: true,
  'insecure-registries': ['registry.example.com:5000'],
  'shutdown-timeout': 20,
}
/** What the settings of the proposal mend here. */
const MENDED = ['D-BINDIP', 'D-DEBUG', 'D-EXP', 'D-ICC', 'D-INSECREG', 'D-LIVE', 'D-LOG', 'D-NNP', 'D-USERNS']

const openIn = ({ findings }: AuditReport): Set<string> =>
  new Set(findings.filter(({ status }) => status === 'fail' || status === 'warn').map(({ check }) => check))

describe(
  'audit --fix against a real daemon',
  { skip: lacks('namespaces', 'dockerd', 'docker', 'busybox', 'ip') },
  () => {
    let folder: string
    let first: AuditReport
    let said: string
    let again: string
    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'audit-fix-'))
      const json = join(folder, 'daemon.json')
      await writeFile(json, JSON.stringify(BAD))
      const engine = await startBusyboxEngine({ flags: [`--config-file=${json}`] })
      try {
        await engine.start({ Env: ['DB_PASSWORD=canary'] }, 'web')
        first = auditSnapshot(await collectSnapshot(engine.docker))
        const env = { HOME: '/nonexistent', ...engine.daemon.clientEnv }
        const audit = async (): Promise<string> => {
          const { code, stderr } = await runCli(['audit', '--fix', join(folder, 'fix'), '--daemon-json', json], { env })
          assert.equal(code, 3, stderr)
          return stderr
        }
        said = await audit()
        await writeFile(join(folder, 'fix/web.create.json'), 'edited')
        again = await audit()
      } finally {
        await engine.stop()
      }
    })
    after(() => rm(folder, { recursive: true, force: true }))

    const written = (name: string): Promise<string> => readFile(join(folder, 'fix', name), 'utf8')

    test('proposes a hardened request for the container, without its secret', async () => {
      const text = await written('web.create.json')
      const request = JSON.parse(text) as ContainerCreateRequest
      assert.deepEqual([request.HostConfig?.CapDrop, request.User], [['ALL'], '65534:65534'])
      assert.ok(!text.includes('canary'))
    })

    test('keeps what somebody has changed in a file of an earlier run', async () => {
      const [, old = ''] = /web\.create\.json had other contents: they are in (\S+)\.$/m.exec(again) ?? []
      assert.equal(await readFile(old, 'utf8'), 'edited', again)
      assert.doesNotMatch(said, /other contents/)
      assert.equal(again.match(/had other contents/g)?.length, 1)
    })

    test('shows how daemon.json would differ', async () => {
      const diff = await written('daemon.json.diff')
      assert.match(diff, /^\+\+\+ b\/etc\/docker\/daemon\.json$/m)
      assert.match(diff, /^\+ {2}"icc": false/m)
    })

    test('says what to run, and what else changes', () => {
      assert.match(said, /daemon apply --settings daemon-settings\.json --userns-remap --live-restore --dry-run/)
      assert.match(said, /D-USERNS: The daemon keeps images/)
      assert.match(said, /Nothing was changed/)
    })

    test('what an apply makes of it mends all that it claims to mend', async () => {
      assert.deepEqual(
        MENDED.filter((check) => !openIn(first).has(check)),
        [],
        'they were open',
      )
      const settings = parseDaemonSettings(await written('daemon-settings.json'), 'daemon-settings.json')
      const { daemonJson = '' } = renderForHost({
        form: 'systemd',
        requested: parseRequested({ usernsRemap: 'default' }),
        current: { listen: [] },
        source: {
          daemonJson: { path: '/etc/docker/daemon.json', text: JSON.stringify(BAD), moveAll: ours('daemon', 'apply') },
          warnings: [],
        },
        existingDropIn: undefined,
        hasSocketUnit: true,
        liveRestore: true,
        daemonSettings: settings,
      })
      assert.equal((JSON.parse(daemonJson) as typeof BAD)['shutdown-timeout'], 20)
      const json = join(folder, 'new.json')
      await writeFile(json, daemonJson)
      const engine = await startBusyboxEngine({ flags: [`--config-file=${json}`], config: { usernsRemap: 'default' } })
      try {
        const open = openIn(auditSnapshot(await collectSnapshot(engine.docker)))
        assert.deepEqual(
          MENDED.filter((check) => open.has(check)),
          [],
        )
      } finally {
        await engine.stop()
      }
    })
  },
)
