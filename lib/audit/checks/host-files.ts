import type { Check } from '../check.ts'
import type { HostFacts, HostFile } from '../snapshot/host/schema.ts'
import { unknown, Unseen } from '../verdict.ts'
import { filesOf, pathsCheck, settingOf, type PathVerdict } from './host-check.ts'
import { judgeFiles } from './host-permissions.ts'

const PROTECT = 'https://docs.docker.com/engine/security/protect-access/'
const DAEMON_JSON = 'https://docs.docker.com/reference/cli/dockerd/#daemon-configuration-file'
const UNITS = 'https://www.freedesktop.org/software/systemd/man/latest/systemd.unit.html'
const SURFACE = 'https://docs.docker.com/engine/security/#docker-daemon-attack-surface'
const CHMOD = 'https://man7.org/linux/man-pages/man1/chmod.1.html'

const READABLE = { mode: 0o044 }
const EXECUTABLE = { mode: 0o055 }

/** The files that the settings name. */
function tlsFiles(host: HostFacts, ...names: ReadonlyArray<'tlscacert' | 'tlscert' | 'tlskey'>): HostFile[] {
  const usesTls = settingOf(host, 'tls') === true || settingOf(host, 'tlsverify') === true
  return names.flatMap((role) => {
    if (!usesTls) return []
    const path = settingOf(host, role)
    if (path === null)
      throw new Unseen(`no setting names ${role}, so dockerd looks for it in the folder .docker of its user`)
    if (path === '') return []
    const found = host.files.find((file) => file.role === role && file.path === path)
    return found ?? { role, path, state: { kind: 'hidden' } }
  })
}

function judgeTls(
  host: HostFacts,
  files: readonly HostFile[],
  allowed: Parameters<typeof judgeFiles>[1],
): PathVerdict[] {
  return files.flatMap((file): PathVerdict[] =>
    file.state.kind === 'missing' ? [[file.path, unknown('it does not exist')]] : judgeFiles([file], allowed, host),
  )
}

const key = pathsCheck({
  id: 'F-KEYMODE',
  title: 'Only root can read the private key of the daemon',
  severity: 'high',
  cis: { '1.6': ['3.13', '3.14'], '1.8': ['3.13', '3.14'] },
  why: 'An attacker with the key can impersonate the daemon, and read the passwords, files and commands that clients send to it.',
  remedy:
    'chown root:root FILE && chmod 0400 FILE, and issue a new key if others could read it: docker-mtls cert renew --server',
  references: [PROTECT, CHMOD],
  none: 'the daemon has no key, as it does not use TLS',
  test: (host) => judgeTls(host, tlsFiles(host, 'tlskey'), { mode: 0, isSecret: true }),
})

const certificates = pathsCheck({
  id: 'F-CAMODE',
  title: 'Only root can change the certificates of the daemon',
  severity: 'critical',
  cis: { '1.6': ['3.9', '3.10', '3.11', '3.12'], '1.8': ['3.9', '3.10', '3.11', '3.12'] },
  why: 'An attacker who can change the CA file adds a CA of their own. After the next restart, the daemon accepts clients of that CA, and each of them is root on the host.',
  remedy: 'chown root:root FILE && chmod 0444 FILE',
  references: [PROTECT, CHMOD],
  none: 'the daemon has no certificates, as it does not use TLS',
  test: (host) => judgeTls(host, tlsFiles(host, 'tlscacert', 'tlscert'), READABLE),
})

const folder = pathsCheck({
  id: 'F-DIR',
  title: "Only root can change the folder of the daemon's configuration",
  severity: 'critical',
  cis: { '1.6': ['3.5', '3.6'], '1.8': ['3.5', '3.6'] },
  why: 'An attacker who can write to the folder replaces daemon.json, and so starts programs as root.',
  remedy: 'chown root:root /etc/docker && chmod 0755 /etc/docker',
  references: [DAEMON_JSON, CHMOD],
  none: 'the folder does not exist',
  test: (host) => judgeFiles(filesOf(host, 'config-folder'), EXECUTABLE, host),
})

const daemonJson = pathsCheck({
  id: 'F-DAEMONJSON',
  title: 'Only root can change daemon.json',
  severity: 'critical',
  cis: { '1.6': ['3.17', '3.18'], '1.8': ['3.17', '3.18'] },
  why: 'An attacker who can change daemon.json opens the daemon to everyone, or makes it start a program as root.',
  remedy: 'chown root:root /etc/docker/daemon.json && chmod 0644 /etc/docker/daemon.json',
  references: [DAEMON_JSON, CHMOD],
  none: 'there is no daemon.json',
  test: (host) => judgeFiles(filesOf(host, 'daemon-json'), READABLE, host),
})

const units = pathsCheck({
  id: 'F-UNIT',
  title: 'Only root can change the units that start the daemon, its gateway and its plugin',
  severity: 'critical',
  cis: { '1.6': ['3.1', '3.2', '3.3', '3.4'], '1.8': ['3.1', '3.2', '3.3', '3.4'] },
  why: 'systemd runs the commands in a unit as root. An attacker who can change the unit is root after the next restart.',
  remedy: 'chown root:root FILE && chmod 0644 FILE, and check the unit for changes: systemctl cat docker.service',
  references: [UNITS, CHMOD],
  none: 'no unit of systemd starts this daemon',
  test: (host) => judgeFiles(filesOf(host, 'unit'), READABLE, host),
})

const defaults = pathsCheck({
  id: 'F-DEFAULT',
  title: 'Only root can change the environment files of the daemon',
  severity: 'critical',
  cis: { '1.6': ['3.19', '3.20', '3.21', '3.22'], '1.8': ['3.19', '3.20', '3.21', '3.22'] },
  why: 'These files can set flags of dockerd. With a flag, an attacker makes the daemon open a port without TLS, or start a program as root.',
  remedy:
    'chown root:root /etc/default/docker && chmod 0644 /etc/default/docker, or the same for /etc/sysconfig/docker.',
  references: ['https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html', CHMOD],
  none: 'there are none',
  test: (host) => judgeFiles(filesOf(host, 'defaults', 'sysconfig'), READABLE, host),
})

const socket = pathsCheck({
  id: 'F-SOCK',
  title: 'Only root and the group docker can use the local socket of the daemon',
  severity: 'critical',
  cis: { '1.6': ['3.15', '3.16'], '1.8': ['3.15', '3.16'] },
  why: 'Anyone who can connect to the socket can start a privileged container, and so become root on the host.',
  remedy:
    'Remove the setting that opens the socket (SocketMode= of docker.socket, or a chmod in a script), then: chown root:docker /run/docker.sock && chmod 0660 /run/docker.sock',
  references: [SURFACE, 'https://docs.docker.com/engine/install/linux-postinstall/'],
  none: 'the daemon has no local socket',
  test: (host) => {
    const group = 'value' in host.settings ? host.settings.value.group : null
    return judgeFiles(filesOf(host, 'api-socket'), { mode: 0o060, groups: ['root', group ?? 'docker'] }, host)
  },
})

const containerd = pathsCheck({
  id: 'F-CONTAINERD',
  title: 'Only root can use the socket of containerd',
  severity: 'critical',
  cis: { '1.6': ['3.23', '3.24'], '1.8': ['3.23', '3.24'] },
  why: 'Anyone who can connect to containerd can start a privileged container without the daemon and its policies, and so become root on the host.',
  remedy:
    'Set uid = 0 and gid = 0 in the section [grpc] of /etc/containerd/config.toml, then: chmod 0660 /run/containerd/containerd.sock && systemctl restart containerd',
  references: ['https://github.com/containerd/containerd/blob/main/docs/ops.md', CHMOD],
  none: 'containerd has no socket in the usual places',
  test: (host) => {
    // dockerd uses one of them: /run/docker, where a containerd of its own has one, is closed to users.
    const sockets = filesOf(host, 'containerd-socket')
    const seen = sockets.filter(({ state }) => state.kind !== 'hidden')
    return judgeFiles(seen.length > 0 ? seen : sockets, { mode: 0o060 }, host)
  },
})

const registries = pathsCheck({
  id: 'F-CERTSD',
  title: 'Only root can change the certificates of registries',
  severity: 'high',
  cis: { '1.6': ['3.7', '3.8'], '1.8': ['3.7', '3.8'] },
  why: 'An attacker who can add a CA there can impersonate the registry and replace images. With a key from there, an attacker logs in to the registry.',
  remedy:
    'chown -R root:root /etc/docker/certs.d && chmod -R u=rwX,go=rX /etc/docker/certs.d, then chmod 0400 FILE for each *.key',
  references: ['https://docs.docker.com/engine/security/certificates/', CHMOD],
  none: 'there is no /etc/docker/certs.d',
  test: (host) => {
    const files = filesOf(host, 'registry-file')
    const keys = files.filter(({ path }) => path.endsWith('.key'))
    return [
      ...judgeFiles(filesOf(host, 'registry-folder'), EXECUTABLE, host),
      ...judgeFiles(
        files.filter((file) => !keys.includes(file)),
        READABLE,
        host,
      ),
      ...judgeFiles(keys, { mode: 0, isSecret: true }, host),
      ...host.registriesUnread.map((path): PathVerdict => [path, unknown('not all files in it could be looked at')]),
    ]
  },
})

/** Owners and modes of the daemon's files. */
export const HOST_FILES: readonly Check[] = [
  key,
  certificates,
  folder,
  daemonJson,
  units,
  defaults,
  socket,
  containerd,
  registries,
]
