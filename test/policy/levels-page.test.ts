import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { decide, definePolicy, Facts, type Json, type Level } from '../../lib/policy.ts'
import { OPERATION_LEVELS } from '../../lib/policy/levels/operations.ts'
import type { JudgingCode } from '../../lib/policy/request.ts'
import { toRequest } from './reading/support.ts'

const page = readFileSync(new URL('../../docs/levels.md', import.meta.url), 'utf8')

/** The section with this title. */
function section(title: string): string {
  const [, text] = page.split(`\n## ${title}\n`)
  assert.ok(text !== undefined, title)
  return text.split('\n## ')[0] ?? ''
}

/** The codes in the first column of the table of a section. */
const codesIn = (title: string): string[] =>
  [...section(title).matchAll(/^\| (`[A-Z_`, ]+) \| .+ \|$/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/[A-Z_]+/g)].map(([code]) => code),
  )

interface Sample {
  readonly line: string
  readonly body?: Json
}

const HARDENED = { Image: 'a', User: '1000' }
const HOST_CONFIG = { CapDrop: ['ALL'], SecurityOpt: ['no-new-privileges'] }

const container = (more: Record<string, Json>, config: Record<string, Json> = {}): Sample => ({
  line: 'POST /v1.45/containers/create',
  body: { ...HARDENED, ...config, HostConfig: { ...HOST_CONFIG, ...more } },
})

/** A folder that the rule allows. */
const ALLOWED = '/opt'

const ELSEWHERE = { Name: 'web', TaskTemplate: { ContainerSpec: { Image: 'r.example/other:1' } } }
const service = {
  ID: 'abc',
  Version: { Index: 7 },
  Spec: { TaskTemplate: { ContainerSpec: { Image: 'r.example/web:1' } } },
}

/** A request for each code that `baseline` refuses, and for each that only `restricted` does. */
const SAMPLES: Readonly<Record<JudgingCode, { readonly baseline?: Sample; readonly restricted?: Sample }>> = {
  PRIVILEGED: { baseline: container({ Privileged: true }) },
  HOST_NAMESPACE: { baseline: container({ PidMode: 'host' }) },
  HOST_PATH: {
    baseline: container({ Binds: ['/srv:/srv'] }),
    restricted: { line: 'POST /volumes/create', body: { Name: 'v', DriverOpts: { o: 'bind', device: ALLOWED } } },
  },
  HOST_DEVICE: { baseline: container({ DeviceCgroupRules: ['c 1:1 rwm'] }) },
  HOST_NETWORK: {
    baseline: { line: 'POST /networks/create', body: { Name: 'n', Driver: 'macvlan' } },
    restricted: container({ PortBindings: { '80/tcp': [{ HostPort: '80' }] } }),
  },
  CAPABILITY: { baseline: container({ CapAdd: ['SYS_ADMIN'] }), restricted: container({ CapAdd: ['CHOWN'] }) },
  CONFINEMENT: {
    baseline: container({ SecurityOpt: ['no-new-privileges', 'seccomp=unconfined'] }),
  },
  RUNTIME: { baseline: container({ Runtime: 'other' }) },
  VOLUME_DRIVER: { baseline: { line: 'POST /volumes/create', body: { Name: 'v', Driver: 'other' } } },
  LOG_DRIVER: { baseline: container({ LogConfig: { Type: 'syslog' } }) },
  KERNEL_PARAMETER: { baseline: container({ Sysctls: { 'kernel.msgmax': '1' } }) },
  RESOURCES: { baseline: container({ CgroupParent: '/x' }), restricted: container({ OomKillDisable: true }) },
  ROOT_USER: { restricted: container({}, { User: '0' }) },
  NOT_HARDENED: { restricted: container({ CapDrop: [] }) },
  SWARM_PLUGIN: {
    baseline: { line: 'POST /services/create', body: { Name: 's', TaskTemplate: { PluginSpec: { Name: 'x' } } } },
  },
  REGISTRY_LOGIN: { baseline: { line: 'POST /services/web/update?version=7', body: ELSEWHERE } },
  BUILD_OPTION: { baseline: { line: 'POST /build?cgroupparent=x' } },
}

/** The codes with which a level refuses a request, each once. */
function refusals(level: Level, { line, body }: Sample): string[] {
  const allow = level === 'privileged' ? {} : { allow: { hostPaths: [{ path: ALLOWED }] } }
  const policy = definePolicy({ version: 1, rules: [{ name: 'ann', who: { socket: 'ann' }, level, ...allow }] })
  const facts = new Facts()
    .add({ kind: 'service', name: 'web' }, service)
    .add({ kind: 'daemon', name: 'info' }, { DefaultRuntime: 'runc' })
  const request = line.startsWith('POST /build')
    ? toRequest(line, '', { 'content-type': 'application/x-tar' })
    : toRequest(line, JSON.stringify(body))
  const { reasons } = decide(policy, { socket: 'ann' }, request, facts)
  // What is there already has its own code in parentheses.
  return [...new Set(reasons.map(({ code, got }) => /\(([A-Z_]+)\)$/.exec(got)?.[1] ?? code))]
}

test('the tables of the page have every code of a level, and no other', () => {
  for (const [title, level] of [
    ['What baseline refuses', 'baseline'],
    ['What restricted refuses, too', 'restricted'],
  ] as const) {
    const wanted = Object.entries(SAMPLES).flatMap(([code, samples]) => (samples[level] ? [code] : []))
    assert.deepEqual(codesIn(title).toSorted(), wanted.toSorted(), title)
  }
})

test('each level refuses what the tables say, and the next one allows it', () => {
  for (const [code, { baseline, restricted }] of Object.entries(SAMPLES)) {
    if (baseline) {
      assert.deepEqual([refusals('baseline', baseline), refusals('privileged', baseline)], [[code], []], code)
      assert.ok(refusals('restricted', baseline).includes(code), code)
    }
    if (restricted)
      assert.deepEqual([refusals('restricted', restricted), refusals('baseline', restricted)], [[code], []], code)
  }
  assert.deepEqual(refusals('restricted', container({})), [])
})

test('the table of operations has each of them at its level', () => {
  const said = [...section('Operations').matchAll(/^\| `(\w+)` \| (.*?) \| (.*?) \| (.*?) \|$/gm)].flatMap(
    ([, resource = '', ...cells]) =>
      cells.flatMap((cell, index) =>
        (cell.match(/[\w.]+/g) ?? []).map(
          (name) => `${resource}.${name} ${['read-only', 'restricted', 'privileged'][index]}`,
        ),
      ),
  )
  const wanted = Object.entries(OPERATION_LEVELS).map(([name, { strictest }]) => `${name} ${strictest}`)
  assert.deepEqual(said.toSorted(), wanted.toSorted())
})
