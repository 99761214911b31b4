import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { decide, definePolicy, Facts, type Json, type Level } from '../../lib/policy.ts'
import { toRequest } from './reading/support.ts'

const FOLDER = '/srv/work'
const SETTINGS = { CapDrop: ['ALL'], SecurityOpt: ['no-new-privileges'], NetworkMode: 'none' }
const OPTIONS = { type: 'none', o: 'bind', device: FOLDER }
const bind = (RW: boolean): Json => ({ Type: 'bind', Source: FOLDER, Destination: '/w', RW, Propagation: 'rprivate' })
const VOLUME = { Type: 'volume', Name: 'v', Source: '/var/lib/docker/volumes/v/_data', Destination: '/w', RW: true }
const CALLED = { Type: 'volume', Source: 'v', Target: '/w' }
const INLINE = { Type: 'volume', Target: '/w', VolumeOptions: { DriverConfig: { Name: 'local', Options: OPTIONS } } }

const container = (Mounts: Json): Json => ({ Image: 'a', User: '1000', HostConfig: { ...SETTINGS, Mounts } })
const service = (mount: Json): Json => ({
  TaskTemplate: {
    ContainerSpec: {
      Image: 'a',
      User: '1000',
      CapabilityDrop: ['ALL'],
      Privileges: { NoNewPrivileges: true },
      Mounts: [mount],
    },
  },
})

/** What a rule that allows the folder says of a request, on a daemon whose container web has these mounts. */
function at(level: Level, line: string, { body, mounts = [], options = null }: Asked = {}): string {
  const allow = { hostPaths: [{ path: FOLDER }] }
  const policy = definePolicy({ version: 1, rules: [{ name: 'ann', who: { socket: 'ann' }, level, allow }] })
  const facts = new Facts()
    .add(
      { kind: 'container', name: 'web' },
      { Id: 'c', Config: { User: '1000' }, HostConfig: SETTINGS, Mounts: mounts },
    )
    .add({ kind: 'volume', name: 'v' }, { Driver: 'local', Options: options })
  const request = toRequest(line, body === undefined ? undefined : JSON.stringify(body))
  const { verdict, reasons } = decide(policy, { socket: 'ann' }, request, facts)
  return [verdict, ...reasons.map(({ code, got }) => /\(([A-Z_]+)\)/.exec(got)?.[1] ?? code)].join(' ')
}

interface Asked {
  readonly body?: Json
  /** Of the container web. */
  readonly mounts?: Json
  /** Of the volume v. */
  readonly options?: Json
}

const COPIES = ['HEAD', 'GET', 'PUT'].map((method) => `${method} /v1.45/containers/web/archive?path=/etc`)

describe('a folder of the host that a rule allows', () => {
  test('at restricted, dockerd copies nothing into or out of a container that has it', () => {
    for (const line of COPIES)
      for (const [mounts, options, verdict] of [
        [[], null, 'allow'],
        [[VOLUME], null, 'allow'],
        [[{ Type: 'tmpfs', Destination: '/w' }], null, 'allow'],
        [[bind(true)], null, 'refuse HOST_PATH'],
        [[bind(false)], null, 'refuse HOST_PATH'],
        [[VOLUME, bind(true)], null, 'refuse HOST_PATH'],
        [[VOLUME], OPTIONS, 'refuse HOST_PATH'],
      ] as const) {
        assert.equal(at('restricted', line, { mounts, options }), verdict, `${line} ${JSON.stringify(mounts)}`)
        assert.equal(at('baseline', line, { mounts, options }), 'allow', line)
      }
  })

  test('at restricted, a container with a bind mount of it can be made and used', () => {
    const mounts = [bind(true)]
    const create = { body: container([{ Type: 'bind', Source: FOLDER, Target: '/w' }]) }
    assert.equal(at('restricted', 'POST /v1.45/containers/create', create), 'allow')
    for (const line of [
      'POST /containers/web/start',
      'POST /containers/web/attach',
      'GET /containers/web/export',
      'POST /commit?container=web',
    ])
      assert.equal(at('restricted', line, { mounts }), 'allow', line)
    assert.equal(at('restricted', 'POST /containers/web/exec', { mounts, body: { Cmd: ['tar'] } }), 'allow')
    const asRoot = { mounts, body: { Cmd: ['tar'], User: '0' } }
    assert.equal(at('restricted', 'POST /containers/web/exec', asRoot), 'refuse ROOT_USER')
  })

  test('at restricted, no volume shows it, since dockerd fills volumes', () => {
    const rows: readonly (readonly [line: string, asked: Asked])[] = [
      ['POST /volumes/create', { body: { Name: 'v', DriverOpts: OPTIONS } }],
      [
        'POST /volumes/create',
        { body: { Name: 'v', DriverOpts: { type: 'overlay', device: 'x', o: `lowerdir=${FOLDER}` } } },
      ],
      ['POST /v1.45/containers/create', { body: container([INLINE]) }],
      ['POST /v1.45/containers/create', { body: container([CALLED]), options: OPTIONS }],
      [
        'POST /v1.45/containers/create',
        { body: container([{ ...CALLED, VolumeOptions: { NoCopy: true } }]), options: OPTIONS },
      ],
      ['POST /v1.45/services/create', { body: service(INLINE) }],
      ['POST /v1.45/services/create', { body: service(CALLED), options: OPTIONS }],
      ['POST /containers/web/start', { mounts: [VOLUME], options: OPTIONS }],
    ]
    for (const [line, asked] of rows) {
      assert.equal(at('restricted', line, asked), 'refuse HOST_PATH', `${line} ${JSON.stringify(asked)}`)
      assert.equal(at('baseline', line, asked), 'allow', line)
    }
    const plain = { body: container([CALLED]) }
    assert.equal(at('restricted', 'POST /v1.45/containers/create', plain), 'allow')
    assert.equal(at('restricted', 'POST /volumes/create', { body: { Name: 'v' } }), 'allow')
    const asBind = { body: service({ Type: 'bind', Source: FOLDER, Target: '/w' }) }
    assert.equal(at('restricted', 'POST /v1.45/services/create', asBind), 'allow')
  })
})
