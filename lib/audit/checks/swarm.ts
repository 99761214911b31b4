import { DAY_MS } from '../../base/expiry.ts'
import { readCertificate } from '../../identity/certificate.ts'
import { IdentityError } from '../../base/errors.ts'
import { daemonCheck, type Check } from '../check.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import { fail, notApplicable, pass, reported, unknown, warn, type Verdict } from '../verdict.ts'
import { eachCheck } from './each.ts'

const SWARM_DOCS = 'https://docs.docker.com/engine/swarm/'
const PKI_DOCS = 'https://docs.docker.com/engine/swarm/how-swarm-mode-works/pki/'
const NANOSECONDS_A_DAY = DAY_MS * 1e6

const inSwarm = daemonCheck({
  id: 'D-SWARM',
  title: 'The node is not in a swarm',
  family: 'swarm',
  severity: 'low',
  cis: { '1.6': ['5.1'], '1.8': ['5.1'] },
  why: 'A swarm opens more ports (2377, 7946 and 4789). An attacker who controls one manager can start containers on every node.',
  remedy:
    'If nobody uses the swarm, leave it: docker swarm leave --force. On the last manager, this deletes its services, secrets and configs.',
  references: [SWARM_DOCS],
  needs: ['info'],
  test: ({ info }) => {
    const state = reported(info.Swarm?.LocalNodeState, 'info.Swarm.LocalNodeState')
    return state === '' || state === 'inactive' ? pass() : warn(`LocalNodeState: ${state}`)
  },
})

/** Says why a question about the swarm has no answer here. Undefined for an active manager. */
function withoutManager({ info }: Snapshot): Verdict | undefined {
  if ('unknown' in info) return unknown(info.unknown)
  const state = reported(info.value.Swarm?.LocalNodeState, 'info.Swarm.LocalNodeState')
  if (state === '' || state === 'inactive') return notApplicable('the node is not in a swarm')
  if (state !== 'active') return unknown(`the node is not active in its swarm: ${state}`)
  if (reported(info.value.Swarm?.ControlAvailable, 'info.Swarm.ControlAvailable')) return undefined
  return unknown('only managers report this: audit a manager of the swarm')
}

const encrypted = eachCheck({
  id: 'S-ENC',
  title: 'The overlay network encrypts traffic between nodes',
  family: 'swarm',
  severity: 'medium',
  cis: { '1.6': ['7.3'], '1.8': ['7.3'] },
  why: 'An attacker who can read the network between two nodes reads what their containers send each other.',
  remedy: 'Create the network again with encryption: docker network create --driver overlay --opt encrypted NAME',
  references: ['https://docs.docker.com/engine/network/drivers/overlay/'],
  of: 'networks',
  only: ({ Driver }) => Driver === 'overlay',
  none: 'there is no overlay network',
  subject: ({ Id = '', Name = '' }) => ({ kind: 'network', id: Id, name: Name }),
  test: ({ Options, Ingress }) => {
    const { encrypted: value } = reported(Options, 'Options')
    if (value !== undefined && value !== 'false') return pass()
    // Every swarm has it, and it carries only what is published anyway.
    return Ingress === true ? warn('the routing mesh is not encrypted') : fail('not encrypted')
  },
})

const autoLock = daemonCheck({
  id: 'S-LOCK',
  title: 'Managers of the swarm stay locked after a restart until you unlock them',
  family: 'swarm',
  severity: 'medium',
  cis: { '1.6': ['7.5'], '1.8': ['7.5'] },
  why: 'Without autolock, an attacker with a copy of the disk of a manager, such as a backup, has all secrets and keys of the swarm, and the key that decrypts them.',
  remedy:
    'docker swarm update --autolock=true. Store the key that it prints on another machine: you need it after each restart of a manager.',
  references: ['https://docs.docker.com/engine/swarm/swarm_manager_locking/'],
  needs: [],
  test: (_, snapshot) =>
    withManager(snapshot, 'swarm', ({ Spec }) =>
      reported(Spec?.EncryptionConfig?.AutoLockManagers, 'Spec.EncryptionConfig.AutoLockManagers')
        ? pass()
        : fail('AutoLockManagers: false'),
    ),
})

type PartName = 'swarm' | 'nodes' | 'services'
type ValueOf<Name extends PartName> = Extract<Snapshot[Name], { readonly value: unknown }>['value']

/** Runs a test on a part that only managers report. */
function withManager<Name extends PartName>(
  snapshot: Snapshot,
  name: Name,
  test: (value: ValueOf<Name>) => Verdict,
): Verdict {
  const early = withoutManager(snapshot)
  if (early) return early
  const part = snapshot[name] as { readonly value: ValueOf<Name> } | { readonly unknown: string }
  return 'unknown' in part ? unknown(part.unknown) : test(part.value)
}

/** More managers make the swarm slower, and each can control all nodes. */
const MOST_MANAGERS = 7

const managers = daemonCheck({
  id: 'S-MANAGERS',
  title: 'The swarm has an odd number of managers, and at most 7',
  family: 'swarm',
  severity: 'low',
  cis: { '1.6': ['7.1'], '1.8': ['7.1'] },
  why: 'An attacker who controls one manager controls all nodes. An even number survives no more failures than the odd number below it.',
  remedy:
    'Promote or demote nodes until the swarm has 3, 5 or 7 managers: docker node promote NODE, or docker node demote NODE',
  references: ['https://docs.docker.com/engine/swarm/admin_guide/'],
  needs: [],
  test: (_, snapshot) =>
    withManager(snapshot, 'nodes', (nodes) => {
      const roles = nodes.map(({ Spec }) => reported(Spec?.Role, 'Spec.Role of a node'))
      const count = roles.filter((role) => role === 'manager').length
      const detail = `${count} of ${roles.length} nodes are managers`
      if (count > MOST_MANAGERS) return fail(detail)
      const isAlone = count === 1 && roles.length > 1
      return isAlone || count % 2 === 0 ? warn(detail) : pass(detail)
    }),
})

const publishedPorts = daemonCheck({
  id: 'S-HOSTPORT',
  title: 'No service publishes ports on all interfaces of the nodes',
  family: 'swarm',
  severity: 'low',
  cis: { '1.6': ['7.2'], '1.8': ['7.2'] },
  why: 'A swarm opens published ports to attackers on every network of the nodes, even if ufw or firewalld blocks them. The API does not report whether the manager itself listens on all interfaces (--listen-addr).',
  remedy:
    'Put a reverse proxy in front of the services and remove their ports: docker service update --publish-rm PORT SERVICE',
  references: ['https://docs.docker.com/engine/swarm/ingress/'],
  needs: [],
  test: (_, snapshot) =>
    withManager(snapshot, 'services', (services) => {
      const open = services.flatMap(({ Spec, Endpoint }) =>
        reported(Endpoint?.Ports, 'Endpoint.Ports of a service').map(
          ({ PublishedPort, Protocol, PublishMode }) =>
            `${Spec?.Name ?? ''}: ${PublishedPort}/${Protocol} (${PublishMode})`,
        ),
      )
      return open.length > 0 ? warn(open.slice(0, 10).join(', ')) : pass()
    }),
})

/** The default of swarms. */
const NODE_CERTIFICATE_DAYS = 90
const YEAR_DAYS = 365

const certificateLife = daemonCheck({
  id: 'S-CERTAGE',
  title: 'Node certificates are valid for at most 90 days',
  family: 'swarm',
  severity: 'low',
  cis: { '1.6': ['7.7'], '1.8': ['7.7'] },
  why: 'An attacker with a stolen node certificate can act as this node until it expires or you remove the node from the swarm.',
  remedy: 'docker swarm update --cert-expiry 720h',
  references: [PKI_DOCS],
  needs: [],
  test: (_, snapshot) =>
    withManager(snapshot, 'swarm', ({ Spec }) => {
      const expiry = reported(Spec?.CAConfig?.NodeCertExpiry, 'Spec.CAConfig.NodeCertExpiry')
      const days = Math.round(expiry / NANOSECONDS_A_DAY)
      if (days <= NODE_CERTIFICATE_DAYS) return pass(`${days} days`)
      return days > YEAR_DAYS ? fail(`${days} days`) : warn(`${days} days`)
    }),
})

/** The CA of a swarm is valid for 20 years. */
const CA_DAYS = 2 * YEAR_DAYS

const caAge = daemonCheck({
  id: 'S-ROTATE',
  title: 'The CA of the swarm was rotated in the last two years',
  family: 'swarm',
  severity: 'low',
  cis: { '1.6': ['7.8'], '1.8': ['7.8'] },
  why: 'An attacker who has read the key of the CA, for example in an old backup of a manager, can issue certificates of managers for 20 years.',
  remedy: 'docker swarm ca --rotate',
  references: [PKI_DOCS],
  needs: ['at'],
  test: ({ at }, snapshot) =>
    withManager(snapshot, 'swarm', ({ TLSInfo, RootRotationInProgress }) => {
      if (RootRotationInProgress === true) return warn('a rotation is not finished')
      const created = validFrom(reported(TLSInfo?.TrustRoot, 'TLSInfo.TrustRoot'))
      const days = Math.floor((Date.parse(at) - (created ?? Number.NaN)) / DAY_MS)
      if (Number.isNaN(days)) return unknown('the daemon reported no valid certificate of its CA')
      return days > CA_DAYS ? warn(`${days} days old`) : pass(`${days} days old`)
    }),
})

function validFrom(pem: string): number | undefined {
  try {
    return readCertificate(pem).validFrom.getTime()
  } catch (error) {
    if (error instanceof IdentityError) return undefined
    throw error
  }
}

const dataPath = daemonCheck({
  id: 'S-DATAPATH',
  title: 'Container traffic does not share the interface of the managers',
  family: 'swarm',
  severity: 'low',
  cis: { '1.6': ['7.9'], '1.8': ['7.9'] },
  why: 'Containers that flood the network between the nodes cut the managers off from each other. An attacker who can read it sees both kinds of traffic.',
  remedy: 'Join the nodes again with an interface for containers: docker swarm join --data-path-addr ADDRESS',
  references: ['https://docs.docker.com/engine/swarm/networking/'],
  needs: [],
  test: (_, snapshot) =>
    withManager(snapshot, 'nodes', (nodes) =>
      nodes.length === 1
        ? notApplicable('the swarm has one node')
        : unknown(
            'the API does not report --data-path-addr: on a node, tcpdump -ni any udp port 4789 shows the interface that carries it',
          ),
    ),
})

const configs = eachCheck({
  id: 'S-CONFIGS',
  title: 'The config contains no secret',
  family: 'swarm',
  severity: 'high',
  cis: {},
  why: 'Every client of a manager can read the data of a config through the API. Docker protects only the data of secrets from that.',
  remedy:
    'Store it as a secret, update the services, and remove the config: docker secret create NAME FILE; docker config rm NAME',
  references: ['https://docs.docker.com/engine/swarm/secrets/', 'https://docs.docker.com/engine/swarm/configs/'],
  of: 'configs',
  none: 'there are no configs',
  before: withoutManager,
  subject: ({ id, name }) => ({ kind: 'config', id, name }),
  test: ({ holds }) => {
    const found = reported(holds, 'the data of the config')
    if (found === 'nothing secret') return pass()
    // What looks like a password may be an example.
    return found === 'a private key' ? fail(found) : warn(`it looks like ${found}`)
  },
})

/** The swarm, as one of its managers sees it. */
export const SWARM_CHECKS: readonly Check[] = [
  inSwarm,
  encrypted,
  autoLock,
  managers,
  publishedPorts,
  certificateLife,
  caAge,
  dataPath,
  configs,
]
