import assert from 'node:assert/strict'
import type { DockerClient } from '../../../../lib/index.ts'
import type { ReasonCode } from '../../../../lib/policy.ts'
import { printing } from '../../harness/image.ts'
import { serviceOf } from '../swarm-engine.ts'
import { until } from '../until.ts'
import type { Attack } from './attacks.ts'

const host = (name: string, config: string, code: ReasonCode = 'CAPABILITY', rest: Partial<Attack> = {}): Attack => ({
  name,
  line: 'POST /v1.45/containers/create',
  body: `{"Image":"IMAGE","HostConfig":{${config}}}`,
  code,
  ...rest,
})

const post = (name: string, path: string, body = '', code: ReasonCode = 'TARGET_TOO_POWERFUL'): Attack => ({
  name,
  line: `POST /v1.45${path}`,
  ...(body !== '' && { body }),
  code,
})

/** Spellings of one name that are the same to dockerd. */
const SPELLINGS = ['NET_RAW', 'CAP_NET_RAW', 'net_raw', 'Cap_Net_Raw'] as const

/** dockerd knows no such name. */
const NONE = { isNone: true } as const

/** How a caller whose rule denies NET_RAW, which is in Docker's default set, and NET_ADMIN, which it also allows, gets one of them. */
export const CAPABILITY_ATTACKS: readonly Attack[] = [
  { name: 'the default set', line: 'POST /containers/create', body: '{"Image":"IMAGE"}', code: 'CAPABILITY' },
  host('the default set, with a list that drops nothing', '"CapDrop":[]'),
  host('the default set without another one', '"CapDrop":["CHOWN"]'),
  host('the default set, as nobody drops what has no name', '"CapDrop":["CAP_ALL"]', 'CAPABILITY', NONE),
  ...SPELLINGS.map((name) => host(`${name}, dropped and added`, `"CapDrop":["NET_RAW"],"CapAdd":["${name}"]`)),
  ...SPELLINGS.map((name) => host(`${name}, after all are dropped`, `"CapDrop":["ALL"],"CapAdd":["${name}"]`)),
  host('all, dropped and added', '"CapDrop":["ALL"],"CapAdd":["ALL"]'),
  host('all in lower case', '"CapDrop":["all"],"CapAdd":["all"]'),
  host('all with a prefix', '"CapDrop":["ALL"],"CapAdd":["CAP_ALL"]', 'CAPABILITY', NONE),
  host('one that the rule allows, too', '"CapDrop":["NET_RAW"],"CapAdd":["NET_ADMIN"]'),
  host('one that the rule allows, too, with a prefix', '"CapDrop":["ALL"],"CapAdd":["cap_net_admin"]'),
  host('by another spelling of the field', '"CapDrop":["ALL"],"capadd":["NET_RAW"]'),
  host('by a second list', '"CapDrop":["NET_RAW"],"capdrop":[]', 'BODY_AMBIGUOUS'),
  host('by all at once', '"CapDrop":["ALL"],"Privileged":true', 'PRIVILEGED'),
  host(
    'the network of a container that has it',
    '"CapDrop":["ALL"],"NetworkMode":"container:plain"',
    'TARGET_TOO_POWERFUL',
  ),
  host(
    'the processes of a container that has it',
    '"CapDrop":["ALL"],"PidMode":"container:plain"',
    'TARGET_TOO_POWERFUL',
  ),
  post('exec in a container that has it', '/containers/plain/exec', '{"Cmd":["id"]}'),
  { ...post('start an exec in a container that has it', '/exec/EXEC/start', '{"Detach":true}'), execIn: 'plain' },
  post(
    'a privileged exec in one that lacks it',
    '/containers/dropped/exec',
    '{"Cmd":["id"],"Privileged":true}',
    'PRIVILEGED',
  ),
  post('restart a container that has it', '/containers/plain/restart?t=0'),
  post('change a container that has it', '/containers/plain/update', '{"PidsLimit":100}'),
  {
    ...post('the steps of a build', '/build?version=2&remote=http://127.0.0.1:1/x', '', 'OPERATION_REFUSED'),
    ...NONE,
  },
  { ...post('give it later', '/containers/dropped/update', '{"CapAdd":["NET_RAW"]}', 'FIELD_UNKNOWN'), ...NONE },
]

const service = (name: string, container: object): Attack => ({
  name,
  line: 'POST /v1.45/services/create',
  body: JSON.stringify({
    Name: 'xcapable',
    Mode: { Replicated: { Replicas: 0 } },
    TaskTemplate: { ContainerSpec: { Image: 'IMAGE', ...container } },
  }),
  code: 'CAPABILITY',
})

/** The same on a swarm. */
export const SERVICE_CAPABILITY_ATTACKS: readonly Attack[] = [
  service('the default set', {}),
  service('the default set without another one', { CapabilityDrop: ['CHOWN'] }),
  ...SPELLINGS.map((name) =>
    service(`${name}, dropped and added`, { CapabilityDrop: ['NET_RAW'], CapabilityAdd: [name] }),
  ),
  service('all, dropped and added', { CapabilityDrop: ['ALL'], CapabilityAdd: ['ALL'] }),
  service('all in lower case', { CapabilityDrop: ['ALL'], CapabilityAdd: ['all'] }),
  service('one that the rule allows, too', { CapabilityDrop: ['ALL'], CapabilityAdd: ['CAP_NET_ADMIN'] }),
  service('by another spelling of the field', { CapabilityDrop: ['ALL'], capabilityadd: ['NET_RAW'] }),
]

const SHOW = 'grep CapEff /proc/self/status'

/** Bits of capabilities (include/uapi/linux/capability.h). */
const BITS = { CHOWN: 0n, NET_ADMIN: 12n, NET_RAW: 13n } as const

/** Which of these a process has that printed its status. */
function capabilitiesIn(status: string): string[] {
  const set = BigInt(`0x${/CapEff:\s*([0-9a-f]{16})/.exec(status)?.[1] ?? assert.fail(status)}`)
  return Object.entries(BITS).flatMap(([name, bit]) => ((set >> bit) & 1n ? [name] : []))
}

/** What is left to a caller whose rule denies NET_RAW: containers and execs without it. Without a rule, a container has it. */
export async function worksWithoutNetRaw(capped: DockerClient, admin: DockerClient, image: string): Promise<void> {
  const NetworkMode = 'none'
  const run = async (docker: DockerClient, HostConfig: object): Promise<string[]> => {
    const { stdout } = await docker.run(image, printing(SHOW), { HostConfig: { NetworkMode, ...HostConfig } })
    return capabilitiesIn(String(stdout))
  }
  const rows: [docker: DockerClient, config: object, names: string[]][] = [
    [admin, {}, ['CHOWN', 'NET_RAW']],
    ...SPELLINGS.map((name): (typeof rows)[number] => [capped, { CapDrop: [name] }, ['CHOWN']]),
    [capped, { CapDrop: ['all'] }, []],
    [capped, { CapDrop: ['ALL'], CapAdd: ['CHOWN'] }, ['CHOWN']],
  ]
  await Promise.all(
    rows.map(async ([docker, config, names]) =>
      assert.deepEqual(await run(docker, config), names, JSON.stringify(config)),
    ),
  )
  const { stdout } = await capped.exec.run('dropped', printing(SHOW))
  assert.deepEqual(capabilitiesIn(String(stdout)), ['CHOWN'])
}

/** A service without NET_RAW works, and lacks it. */
export async function servesWithoutNetRaw(capped: DockerClient, image: string, name: string): Promise<void> {
  const { ID } = await capped.services.create(serviceOf(name, SHOW, { Image: image, CapabilityDrop: ['NET_RAW'] }))
  const log = await until('the log of the service', async () => {
    const text = await (await capped.services.logs(ID)).text()
    return text.includes('CapEff') && text
  })
  assert.deepEqual(capabilitiesIn(log), ['CHOWN'])
  await capped.services.remove(ID)
}
