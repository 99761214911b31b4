import { SWARM_CHECKS } from '../../../lib/audit/checks/swarm.ts'
import { createAuthority } from '../../../lib/pki.ts'
import { runCases, type Cases, type Row } from '../support/cases.ts'
import { overlayWith, swarmWith, type Change } from '../support/daemon-snapshot.ts'

const DAY_MS = 86_400_000
const { certificate } = await createAuthority()
const inDays = (days: number): string => new Date(Date.now() + days * DAY_MS).toISOString()
const caWith = (days: number, TrustRoot: string | undefined = certificate): Change => ({
  ...swarmWith({ swarm: { TLSInfo: { TrustRoot } } }),
  at: inDays(days),
})
const roles = (...list: (string | undefined)[]): Change =>
  swarmWith({ nodes: { value: list.map((Role, index) => ({ ID: `n${index}`, Spec: { Role } })) } })
const expiring = (days: number): Change =>
  swarmWith({
    swarm: {
      Spec: { EncryptionConfig: { AutoLockManagers: true }, CAConfig: { NodeCertExpiry: days * DAY_MS * 1e6 } },
    },
  })
const state = (LocalNodeState: string, ControlAvailable = false): Change => ({
  info: { Swarm: { LocalNodeState, ControlAvailable, Nodes: 0, Managers: 0 } },
})
const publishing = (Ports: { PublishedPort: number; Protocol: string; PublishMode: string }[]): Change =>
  swarmWith({ services: { value: [{ ID: 's1', Spec: { Name: 'web' }, Endpoint: { Ports } }] } })
const configWith = (holds: 'nothing secret' | 'a private key' | 'a password' | undefined): Change =>
  swarmWith({ configs: { value: [{ id: 'c1', name: 'site.conf', holds }] } })

/** How questions that only managers answer end elsewhere. */
const ELSEWHERE: readonly Row[] = [
  ['not-applicable', 'no swarm', state('inactive')],
  ['not-applicable', 'no swarm, said by nothing', state('')],
  ['unknown', 'a worker', state('active')],
  ['unknown', 'a locked manager', state('locked')],
  ['unknown', 'no state', { info: { Swarm: undefined } }],
]
const UNREADABLE = { unknown: 'the daemon answered 500' }

const CASES: Cases = {
  'D-SWARM': [
    ['pass', 'none', state('inactive')],
    ['warn', 'a manager', state('active', true)],
    ['warn', 'a locked manager', state('locked')],
    ['unknown', 'no state', { info: { Swarm: undefined } }],
  ],
  'S-ENC': [
    ['not-applicable', 'no overlay network', {}],
    ['pass', 'encrypted', overlayWith({ encrypted: '' })],
    ['fail', 'not encrypted', overlayWith({})],
    ['fail', 'encryption turned off', overlayWith({ encrypted: 'false' })],
    ['warn', 'the routing mesh', overlayWith({}, { Ingress: true })],
    ['unknown', 'an answer without options', overlayWith({}, { Options: undefined })],
  ],
  'S-LOCK': [
    ...ELSEWHERE,
    ['pass', 'locked', swarmWith()],
    [
      'fail',
      'not locked',
      swarmWith({
        swarm: { Spec: { EncryptionConfig: { AutoLockManagers: false }, CAConfig: { NodeCertExpiry: 1 } } },
      }),
    ],
    ['unknown', 'no settings', swarmWith({ swarm: { Spec: undefined } })],
    ['unknown', 'not readable', { ...swarmWith(), swarm: UNREADABLE }],
  ],
  'S-MANAGERS': [
    ...ELSEWHERE,
    ['pass', 'one node', swarmWith()],
    ['pass', 'three of five', roles('manager', 'manager', 'manager', 'worker', 'worker')],
    ['warn', 'one of two', roles('manager', 'worker')],
    ['warn', 'two of two', roles('manager', 'manager')],
    ['fail', 'nine', roles(...Array.from({ length: 9 }, () => 'manager'))],
    ['unknown', 'a node without a role', roles('manager', undefined)],
    ['unknown', 'not readable', { ...swarmWith(), nodes: UNREADABLE }],
  ],
  'S-HOSTPORT': [
    ...ELSEWHERE,
    ['pass', 'no services', swarmWith()],
    ['pass', 'no ports', publishing([])],
    ['warn', 'a port', publishing([{ PublishedPort: 80, Protocol: 'tcp', PublishMode: 'ingress' }])],
    [
      'unknown',
      'an answer without ports',
      swarmWith({ services: { value: [{ ID: 's1', Spec: { Name: 'web' }, Endpoint: undefined }] } }),
    ],
  ],
  'S-CERTAGE': [
    ...ELSEWHERE,
    ['pass', '90 days', expiring(90)],
    ['warn', '91 days', expiring(91)],
    ['fail', 'ten years', expiring(3650)],
    ['unknown', 'no settings', swarmWith({ swarm: { Spec: undefined } })],
  ],
  'S-ROTATE': [
    ...ELSEWHERE,
    ['pass', 'a new CA', caWith(10)],
    ['warn', 'an old CA', caWith(731)],
    ['warn', 'a rotation that is not finished', swarmWith({ swarm: { RootRotationInProgress: true } })],
    ['unknown', 'no certificate', { ...caWith(10), ...swarmWith({ swarm: { TLSInfo: undefined } }) }],
    ['unknown', 'rubbish instead of a certificate', caWith(10, 'rubbish')],
  ],
  'S-DATAPATH': [
    ...ELSEWHERE,
    ['not-applicable', 'one node', swarmWith()],
    ['unknown', 'two nodes', roles('manager', 'worker')],
  ],
  'S-CONFIGS': [
    ...ELSEWHERE,
    ['not-applicable', 'no configs', swarmWith()],
    ['pass', 'nothing secret', configWith('nothing secret')],
    ['fail', 'a private key', configWith('a private key')],
    ['warn', 'what looks like a password', configWith('a password')],
    ['unknown', 'no data', configWith(undefined)],
    ['unknown', 'not readable', { ...swarmWith(), configs: UNREADABLE }],
  ],
}

// The API does not report the address of the data path.
runCases(SWARM_CHECKS, CASES, { 'S-DATAPATH': ['unknown', 'not-applicable'] })
