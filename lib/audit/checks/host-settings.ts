import { configuredPlugins } from '../authorization.ts'
import { known, type Check } from '../check.ts'
import { fail, notApplicable, pass, unknown, warn, type Verdict } from '../verdict.ts'
import { hostCheck, isRootless, settingOf } from './host-check.ts'

const DAEMON_JSON = 'https://docs.docker.com/reference/cli/dockerd/#daemon-configuration-file'
const FIREWALL = 'https://docs.docker.com/engine/network/packet-filtering-firewalls/'
const PORTS = 'https://docs.docker.com/engine/network/port-publishing/'
const SYSTEMD = 'https://www.freedesktop.org/software/systemd/man/latest/systemd.unit.html'

const group = hostCheck({
  id: 'F-GROUP',
  title: 'The group of the socket has only members who may be root',
  severity: 'high',
  cis: { '1.6': ['1.1.2'], '1.8': ['1.1.2'] },
  why: 'Each member can start a privileged container without a password, also past a gateway, and so become root on the host. Only an authorization plugin limits them.',
  remedy:
    'Remove each user who does not need it: gpasswd -d USER docker. Accept the finding with an exception for the others.',
  references: ['https://docs.docker.com/engine/install/linux-postinstall/'],
  test: (host, snapshot) => {
    const { info } = snapshot
    if (isRootless(host)) return notApplicable('the daemon runs rootless, and its socket belongs to its user')
    if (host.group === null) return pass('the group does not exist')
    const { name, members } = host.group
    if (members.length === 0) return pass(`${name} has no members`)
    // A plugin also judges the local socket, and a gateway doesn't.
    const started = 'value' in info ? (info.value.Plugins?.Authorization ?? []) : []
    const plugins = (configuredPlugins(snapshot) ?? []).filter((plugin) => started.includes(plugin))
    const judged = plugins.length === 0 ? '' : `; what they may do is decided by ${plugins.join(', ')}`
    return warn(`${name}: ${members.join(', ')}${judged}`)
  },
})

const partition = hostCheck({
  id: 'F-PART',
  title: 'The data folder of the daemon has its own disk',
  severity: 'low',
  cis: { '1.6': ['1.1.1'], '1.8': ['1.1.1'] },
  why: 'Images, containers and their logs can fill the disk. On the system disk, programs that log or authenticate users then fail. An attacker in a container can cause that.',
  remedy: 'Mount a disk at /var/lib/docker, or set "data-root" in daemon.json to a folder on another disk.',
  references: ['https://docs.docker.com/engine/daemon/#daemon-data-directory'],
  test: (host) => {
    if (isRootless(host))
      return notApplicable('the daemon runs rootless, and its data is in the home folder of its user')
    const { path, mount } = known(host.data)
    if (mount === '/') return fail(`${path} is on the disk of /`)
    // With user namespaces, the daemon uses a folder in its data folder.
    const isOwn = mount === path || path.replace(/\/\d+\.\d+$/, '') === mount
    return isOwn ? pass(`${mount} has its own disk`) : warn(`${path} is on the same disk as ${mount}`)
  },
})

const override = hostCheck({
  id: 'F-OVERRIDE',
  title: 'The daemon can restart with its configuration',
  severity: 'medium',
  cis: {},
  why: 'If the daemon cannot restart, it is down after the next update, and somebody in a hurry may remove the settings that secure it. If systemd has not loaded a drop-in, its settings are not in force.',
  remedy:
    'Remove a setting that is both in the unit and in daemon.json from one of them, then run systemctl daemon-reload, dockerd --validate and systemctl restart docker. Without a gateway, docker-mtls daemon apply does this with rollback.',
  references: [DAEMON_JSON, SYSTEMD],
  test: ({ start, settings }) => {
    const { fault, conflicts, later, unit } = start
    if (fault !== null) return fail(fault)
    if (conflicts.length > 0) return fail(`both a flag and daemon.json set ${conflicts.join(', ')}`)
    if (unit !== null && 'value' in unit && REFUSED.has(unit.value.loadState))
      return fail(`systemd does not load the unit: ${unit.value.loadState}`)
    if (later.length > 0) return warn(`${later.join(', ')} overrides override.conf`)
    if ('unknown' in settings) return unknown(settings.unknown)
    if (unit === null) return pass('the host has no systemd')
    return judgeUnit(known(unit))
  },
})

/** Load states of systemd that prevent a start; see `systemctl --state=help`. */
const REFUSED: ReadonlySet<string> = new Set(['bad-setting', 'error', 'masked'])

function judgeUnit({
  loadState,
  needsReload,
  complaints,
}: {
  readonly loadState: string
  readonly needsReload: boolean
  readonly complaints: readonly string[]
}): Verdict {
  if (needsReload) return warn('the unit was changed, and systemd has not loaded it again')
  if (complaints.length > 0) return warn(complaints.join('; '))
  return loadState === 'loaded' ? pass() : notApplicable(`systemd does not start this daemon: ${loadState}`)
}

const direct = hostCheck({
  id: 'F-DIRECT',
  title: 'No setting lets other hosts reach containers past their published ports',
  severity: 'medium',
  cis: {},
  why: 'A host on the same network can route packets to the address of a container. By default, the daemon drops them. With these settings, an attacker on the network reaches ports that no container publishes, or that are published only on 127.0.0.1.',
  remedy:
    'Remove "allow-direct-routing", "bridge-accept-fwmark" and "ip6tables": false from daemon.json, and DOCKER_INSECURE_NO_IPTABLES_RAW from the environment of the unit. Then restart the daemon.',
  references: [FIREWALL, PORTS],
  test: (host) => {
    if (settingOf(host, 'ip6tables') === false) return fail('ip6tables: false')
    if ('value' in host.insecureRaw && host.insecureRaw.value) return fail('DOCKER_INSECURE_NO_IPTABLES_RAW=1')
    const mark = settingOf(host, 'bridge-accept-fwmark')
    const found = [
      ...(settingOf(host, 'allow-direct-routing') === true ? ['allow-direct-routing: true'] : []),
      ...(mark === null || mark === '' ? [] : [`bridge-accept-fwmark: ${mark}`]),
    ]
    if (found.length > 0) return warn(found.join(', '))
    known(host.insecureRaw)
    return pass()
  },
})

const iptables = hostCheck({
  id: 'D-IPTABLES',
  title: 'The daemon manages the firewall rules of its networks',
  severity: 'medium',
  cis: { '1.6': ['2.4'], '1.8': ['2.4'] },
  why: 'Without these rules, networks are not isolated from each other, and "icc" has no effect. An attacker in one container reaches the containers of other networks, and other hosts reach ports that no container publishes.',
  remedy: 'Remove "iptables": false from daemon.json and --iptables=false from the unit, and restart the daemon.',
  references: [FIREWALL],
  test: (host) => (settingOf(host, 'iptables') === false ? fail('iptables: false') : pass()),
})

const proxy = hostCheck({
  id: 'D-PROXY',
  title: 'Only the kernel forwards published ports',
  severity: 'low',
  cis: { '1.6': ['2.16'], '1.8': ['2.17'] },
  why: 'By default, the daemon also starts a proxy process for each published port. The proxy hides the address of the client from the container, and gives attackers one more program to attack.',
  remedy:
    'Set "userland-proxy": false in daemon.json if no program connects to published ports over ::1, and restart the daemon.',
  references: [PORTS, DAEMON_JSON],
  test: (host) => {
    const value = settingOf(host, 'userland-proxy')
    return value === false ? pass() : warn(`userland-proxy: ${value ?? 'true, by default'}`)
  },
})

const logLevel = hostCheck({
  id: 'D-LOGLEVEL',
  title: 'The daemon logs at the level info',
  severity: 'low',
  cis: { '1.6': ['2.3'], '1.8': ['2.3'] },
  why: 'At the levels warn, error and fatal, the log lacks events that show an attack. At the level debug, it contains the content of requests, such as environment variables.',
  remedy:
    'Set "log-level": "info" in daemon.json, or remove it together with --log-level in the unit, and restart the daemon.',
  references: ['https://docs.docker.com/engine/daemon/logs/', DAEMON_JSON],
  test: (host) => {
    const level = settingOf(host, 'log-level')
    return level === null || level === 'info' || level === '' ? pass() : fail(`log-level: ${level}`)
  },
})

/** Settings that the API doesn't report, and what the configuration does to the next start. */
export const HOST_SETTINGS: readonly Check[] = [group, partition, override, direct, iptables, proxy, logLevel]
