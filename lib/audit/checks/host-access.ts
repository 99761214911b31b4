import { DAY_MS } from '../../base/expiry.ts'
import { enumerate } from '../../base/text.ts'
import { isLoopback } from '../../daemon-config/listener-target.ts'
import { isAnyAddress } from '../addresses.ts'
import { known, type Check } from '../check.ts'
import { isInFront } from '../snapshot/has-gateway.ts'
import type { AccessFacts, HostFacts, PowerfulRule, ServiceFacts } from '../snapshot/host/schema.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import { fail, notApplicable, pass, unknown, Unseen, warn, type Verdict } from '../verdict.ts'
import { worst } from '../worst.ts'
import { filesOf, hostCheck, pathsCheck, settingOf, type PathVerdict } from './host-check.ts'
import { judgeFile, judgeFiles } from './host-permissions.ts'

const GATEWAYS = 'https://docs.docker.com/engine/security/protect-access/'
const PLUGINS = 'https://docs.docker.com/engine/extend/plugins_authorization/'
const CRL = 'https://www.rfc-editor.org/rfc/rfc5280#section-5'
const CHMOD = 'https://man7.org/linux/man-pages/man1/chmod.1.html'
const NO_GATEWAY = 'no unit docker-mtls*.service starts a gateway'
const NO_SERVICE = 'no unit docker-mtls*.service starts a gateway or an authorization plugin'

function accessOf({ access }: HostFacts): AccessFacts {
  return known(access)
}

function gatewaysOf(host: HostFacts): ServiceFacts[] {
  return accessOf(host).services.filter(({ kind }) => kind === 'gateway')
}

/** The worst of what is said of each gateway. */
function judgeGateways(host: HostFacts, judge: (gateway: ServiceFacts) => Verdict): Verdict {
  const gateways = gatewaysOf(host)
  return gateways.length === 0 ? notApplicable(NO_GATEWAY) : worst(gateways.map(judge))
}

const around = hostCheck({
  id: 'F-AROUND',
  title: 'The daemon does not listen on the network beside its gateway',
  severity: 'critical',
  cis: {},
  why: 'The policy of a gateway holds only for those who come through it. If dockerd itself also listens on the network, each client certificate of its CA makes its owner root on the host, also a revoked one. Members of the group docker go around the gateway, too: see F-GROUP.',
  remedy:
    'Remove tcp://... from "hosts" in daemon.json, from -H in the unit and from docker.socket, together with the tls settings. Then: systemctl restart docker',
  references: [GATEWAYS],
  test: (host, snapshot) => {
    const gateways = gatewaysOf(host).filter((gateway) => isInFront(gateway, host, snapshot))
    if (gateways.length === 0) return notApplicable('no unit docker-mtls*.service starts a gateway of this daemon')
    const listeners = known(accessOf(host).listeners)
    if (listeners.length === 0) return pass()
    const shown = `dockerd listens on ${listeners.join(', ')}`
    // The gateway may need this one. Then a CA of its own can keep others away.
    return listeners.every((listener) => gateways.some(({ daemon }) => needs(daemon ?? '', listener)))
      ? warn(`${shown}, and the gateway connects to it there`)
      : fail(shown)
  },
})

/** Does a gateway with this daemon need the listener, and not one that more can reach? */
function needs(daemon: string, listener: string): boolean {
  const [used, own] = [addressOf(daemon), addressOf(listener)]
  if (own === undefined || own.port !== used?.port) return false
  return isLoopback(own.host) || (own.host === used.host && own.host !== '' && !isAnyAddress(own.host))
}

/** Of `tcp://127.0.0.1:2377`, and of `2377 (docker.socket)`, which is on all addresses. */
function addressOf(listener: string): { readonly host: string; readonly port: string } | undefined {
  const [, host = '', port] = /^(?:tcp:\/\/)?(?:([^/]*):)?(\d+)(?: |$)/.exec(listener) ?? []
  return port === undefined ? undefined : { host: host.replaceAll(/[[\]]/g, ''), port }
}

/** Its user has to read these files, and must not write to them. */
function readersOf(host: HostFacts): readonly string[] {
  return ['root', ...accessOf(host).services.flatMap(({ groups }) => groups)]
}

const policy = pathsCheck({
  id: 'F-POLICY',
  title: 'Only root can change policies, and the CAs and revocation lists of the gateway',
  severity: 'critical',
  cis: {},
  why: 'An attacker who can change the policy gives themselves the level privileged, and is root on the host. With a CA of their own, they issue certificates with any name; with an old revocation list, a revoked certificate works again. F-EXPOSED checks the folders above.',
  remedy: 'chown root:docker-mtls FILE && chmod 0640 FILE, and for the folder chmod 0750',
  references: [CHMOD],
  none: NO_SERVICE,
  test: (host) => {
    const { services } = accessOf(host)
    if (services.length === 0) return []
    const groups = readersOf(host)
    const files = filesOf(host, 'policy', 'crl', 'gateway-ca', 'gateway-cert')
    // A path that only systemd can expand, or with blanks, was not looked at.
    const unseen = services.filter(({ policy: path }) => path === null || !files.some((file) => file.path === path))
    return [
      ...judgeFiles(files, { mode: 0o044, groups }, host),
      ...judgeFiles(filesOf(host, 'gateway-folder'), { mode: 0o055, groups }, host),
      ...unseen.map(({ unit, policy: path }): PathVerdict => [path ?? unit, unknown('its policy was not found')]),
    ]
  },
})

const key = pathsCheck({
  id: 'F-GWKEY',
  title: 'Only root and the gateway can read the private key of the gateway',
  severity: 'high',
  cis: {},
  why: 'An attacker with the key can impersonate the gateway, and read the passwords, files and commands that clients send to it.',
  remedy:
    'chown root:docker-mtls FILE && chmod 0640 FILE, take others out of the group (gpasswd --delete NAME docker-mtls), and issue a new key if others could read it: docker-mtls cert renew --server',
  references: [GATEWAYS, CHMOD],
  none: NO_GATEWAY,
  test: (host) => {
    if (gatewaysOf(host).length === 0) return []
    const keys = filesOf(host, 'gateway-key')
    if (keys.length === 0) throw new Unseen('the key of the gateway was not found')
    const shared = gatewaysOf(host).filter(({ sharedWith }) => sharedWith.length > 0)
    return [
      ...judgeFiles(keys, { mode: 0o040, isSecret: true, groups: readersOf(host) }, host),
      ...shared.map(({ unit, user, sharedWith }): PathVerdict => {
        return [unit, fail(`${enumerate(sharedWith)} share its user ${user}, or the group of that name`)]
      }),
    ]
  },
})

/** In days. Somebody has to copy the next list to the host before. */
const SOON_DAYS = 3

const revocation = hostCheck({
  id: 'F-CRL',
  title: 'The gateway has a current revocation list of each of its CAs',
  severity: 'high',
  cis: {},
  why: 'Without a list, a stolen certificate that you have revoked works until it expires. With an expired one, the gateway refuses all clients of its CA.',
  remedy:
    'On the machine with the CA:  docker-mtls cert crl  Then copy ca/crl.pem to the folder of the gateway, which uses it at once. After the first time, docker-mtls cert renew renews it.',
  references: [CRL],
  test: (host, { at }) => judgeGateways(host, (gateway) => judgeLists(gateway, Date.parse(at))),
})

function judgeLists({ revocation: part, lostLists: lost }: ServiceFacts, now: number): Verdict {
  if (lost.length > 0) return fail(`missing: ${lost.join(', ')}. The gateway refuses all clients, and can't restart`)
  const lists = known(part)
  if (lists.length === 0) return fail('it has no revocation list: revoked certificates work until they expire')
  return worst(
    lists.map(({ ca, nextUpdate }) => {
      if (nextUpdate === null) return fail(`there is no list of ${ca}, so its clients are refused`)
      const left = Date.parse(nextUpdate) - now
      const day = nextUpdate.slice(0, 10)
      if (Number.isNaN(left)) return unknown('its dates cannot be read')
      if (left < 0) return fail(`the list of ${ca} expired on ${day}, so its clients are refused`)
      return left < SOON_DAYS * DAY_MS ? warn(`the list of ${ca} expires on ${day}`) : pass(`until ${day}`)
    }),
  )
}

/** More than these are hardly all meant to be root. */
const MOST_NAMES = 5

const privileged = pathsCheck({
  id: 'F-PRIVILEGED',
  title: 'The policy gives the level privileged only to a few names',
  severity: 'high',
  cis: {},
  why: 'Who has the level privileged is root on the host, as without a policy. A rule for everybody, or for all clients of a CA, gives it to whoever gets any certificate.',
  remedy:
    'Name the callers in "who" of the rule, by commonName or fingerprint, or lower its level: baseline allows ordinary containers. Then: docker-mtls policy check FILE',
  references: [PLUGINS],
  none: NO_SERVICE,
  test: (host) =>
    accessOf(host).services.map(({ unit, policy: path, powerful }): PathVerdict => [
      path ?? unit,
      'unknown' in powerful ? unknown(powerful.unknown) : worst(powerful.value.map(judgeRule), pass('no rule has it')),
    ]),
})

function judgeRule({ name, callers, count }: PowerfulRule): Verdict {
  if (callers === 'any') return fail(`the rule ${name} is for everybody`)
  if (callers === 'issuer') return fail(`the rule ${name} is for all clients of a CA`)
  if (callers === 'group') return warn(`the rule ${name} is for an organizational unit`)
  if (callers === 'named' && count > MOST_NAMES) return warn(`the rule ${name} is for ${count} names`)
  return pass(callers === 'socket' ? `the rule ${name} is for a local socket` : `the rule ${name}`)
}

const sshKeys = hostCheck({
  id: 'F-SSHKEY',
  title: 'Builds can use no SSH key of root',
  severity: 'high',
  cis: {},
  why: 'dockerd fetches the Git repositories that a Dockerfile names, and their submodules. It runs git and ssh as its own user, and ssh tries the usual keys of that user. So who may build can read every repository that such a key opens.',
  remedy:
    'Rename the key, and name it in ~/.ssh/config, which builds do not read: IdentityFile ~/.ssh/NAME. Or give it a passphrase: ssh-keygen -p -f FILE. Or deny images.build in the policy.',
  references: ['https://man7.org/linux/man-pages/man5/ssh_config.5.html'],
  test: (host) => {
    const { services } = accessOf(host)
    if (services.length === 0) return notApplicable(NO_SERVICE)
    const builders = services.flatMap((service) => known(service.builders))
    if (builders.length === 0) return pass('no rule below privileged lets callers build')
    const keys = known(host.sshKeys)
    return keys.length === 0 ? pass() : fail(`${keys.join(', ')}; these rules may build: ${builders.join(', ')}`)
  },
})

const log = hostCheck({
  id: 'F-GWLOG',
  title: 'The gateway writes an audit log',
  severity: 'medium',
  cis: {},
  why: 'Without a log, nobody can find out what a stolen certificate was used for, or who tried to do more than the policy allows.',
  remedy:
    'Add --log /var/log/docker-mtls/audit.log to the command line of the gateway. docker-mtls gateway render writes such a unit.',
  references: ['https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#RuntimeDirectory='],
  test: (host) =>
    judgeGateways(host, ({ unit, log: path }) => (path === null ? warn(`${unit} has no --log`) : pass(path))),
})

const plugins = pathsCheck({
  id: 'F-PLUGIN',
  title: 'Each authorization plugin that the daemon needs is there, and only root can use its socket',
  severity: 'high',
  cis: {},
  why: 'dockerd does not start without an authorization plugin that its configuration names, and refuses every request while it is not running. Somebody in a hurry then removes it. An attacker who can replace its socket decides in its place.',
  remedy:
    'Start the service of the plugin before docker, and at each boot: systemctl enable --now docker-mtls-plugin. Or remove its name from "authorization-plugins" in daemon.json, then: systemctl reload docker',
  references: [PLUGINS],
  none: 'the daemon is told to use no authorization plugin',
  test: (host, { plugins: managed }) =>
    (settingOf(host, 'authorization-plugins') ?? []).map((name) => judgePlugin(name, host, managed)),
})

/** Where dockerd looks for it (moby, pkg/plugins/discovery.go). Without a tag, a managed one is the latest. */
function judgePlugin(name: string, host: HostFacts, managed: Snapshot['plugins']): PathVerdict {
  const socket = `/run/docker/plugins/${name}.sock`
  const places = new Set(
    ['/etc/docker/plugins', '/usr/lib/docker/plugins'].flatMap((folder) =>
      [`${name}.spec`, `${name}.json`].flatMap((file) => [`${folder}/${file}`, `${folder}/${name}/${file}`]),
    ),
  )
  const found = filesOf(host, 'plugin')
  const file = found.find(({ path }) => path === socket || path === `/run/docker/plugins/${name}/${name}.sock`)
  if (file !== undefined) return [file.path, judgeFile(file, { mode: 0o060 }, host)]
  const spec = found.find(({ path }) => places.has(path))
  if (spec !== undefined) return [spec.path, judgeFile(spec, { mode: 0o044 }, host)]
  const own =
    'value' in managed ? managed.value.find(({ Name }) => Name === name || Name === `${name}:latest`) : undefined
  if (own !== undefined) return [name, own.Enabled === true ? pass('a managed plugin') : fail('it is disabled')]
  if ('unknown' in managed) return [socket, unknown(`plugins could not be listed: ${managed.unknown}`)]
  if (accessOf(host).arePluginsHidden) return [socket, unknown('only root can look for it')]
  return [socket, fail(`nothing is there for the plugin ${name}, so dockerd will not start again`)]
}

/** Gateways and authorization plugins, and ways around them. */
export const HOST_ACCESS: readonly Check[] = [around, policy, key, revocation, privileged, sshKeys, log, plugins]
