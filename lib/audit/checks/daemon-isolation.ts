import { daemonCheck, type Check } from '../check.ts'
import { featuresOf } from '../container/user-namespace.ts'
import type { InfoFacts } from '../snapshot/daemon-schema.ts'
import { fail, notApplicable, pass, reported, warn, type Verdict } from '../verdict.ts'

const NOT_WINDOWS = 'the host runs Windows'

function securityOption(info: InfoFacts, name: string): ReadonlyMap<string, string> | undefined {
  return featuresOf(info).get(name)
}

/** Runs a test on hosts with Linux; on others the check has no meaning. */
function onLinux(info: InfoFacts, test: () => Verdict): Verdict {
  return info.OSType === 'windows' ? notApplicable(NOT_WINDOWS) : test()
}

const userNamespaces = daemonCheck({
  id: 'D-USERNS',
  title: 'Root in a container is not root on the host',
  family: 'daemon',
  severity: 'medium',
  cis: { '1.6': ['2.9'], '1.8': ['2.10'] },
  why: 'An attacker who breaks out of a container as root is root on the host. With user namespaces, they are an unprivileged user.',
  remedy:
    'Set "userns-remap": "default" in daemon.json, and restart the daemon. It then uses another data folder, so existing images and containers are hidden.',
  fix: {
    settings: { 'userns-remap': 'default' },
    apply: ['--userns-remap'],
    trap: 'The daemon keeps images, containers and volumes of a user namespace in another folder: all existing ones are hidden until user namespaces are off again.',
  },
  references: ['https://docs.docker.com/engine/security/userns-remap/'],
  needs: ['info'],
  test: ({ info }) =>
    onLinux(info, () => {
      if (securityOption(info, 'rootless')) return pass('rootless')
      return securityOption(info, 'userns') ? pass() : fail('no user namespaces')
    }),
})

const rootless = daemonCheck({
  id: 'D-ROOTLESS',
  title: 'The daemon does not run as root',
  family: 'daemon',
  severity: 'low',
  cis: { '1.6': ['2.1'], '1.8': ['2.1'] },
  why: 'Anyone who controls a daemon that runs as root is root on the host. In rootless mode, they are limited to one user. Rootless mode has fewer features.',
  remedy: 'Install rootless mode, unless you need a feature that it lacks: dockerd-rootless-setuptool.sh install',
  references: ['https://docs.docker.com/engine/security/rootless/'],
  needs: ['info'],
  test: ({ info }) =>
    onLinux(info, () => (securityOption(info, 'rootless') ? pass() : warn('the daemon runs as root'))),
})

const noNewPrivileges = daemonCheck({
  id: 'D-NNP',
  title: 'Processes in containers cannot gain privileges by default',
  family: 'daemon',
  severity: 'medium',
  cis: { '1.6': ['2.14'], '1.8': ['2.15'] },
  why: 'An attacker who controls an unprivileged process in a container can become root in the container with any setuid program of the image.',
  remedy: 'Set "no-new-privileges": true in daemon.json, and restart the daemon.',
  fix: {
    settings: { 'no-new-privileges': true },
    trap: 'It holds for containers that are created afterwards. Programs such as sudo and su do not work in them.',
  },
  references: [
    'https://docs.docker.com/reference/cli/dockerd/',
    'https://docs.kernel.org/userspace-api/no_new_privs.html',
  ],
  needs: ['info'],
  test: ({ info }) =>
    onLinux(info, () => (securityOption(info, 'no-new-privileges') ? pass() : fail('no-new-privileges is not set'))),
})

const seccomp = daemonCheck({
  id: 'D-SECCOMP',
  title: 'The daemon filters system calls of containers',
  family: 'daemon',
  severity: 'high',
  cis: { '1.6': ['2.17'], '1.8': ['2.18'] },
  why: 'Without a seccomp profile, an attacker in a container can use every system call of the kernel, including rarely tested and vulnerable ones.',
  remedy:
    'Remove "seccomp-profile" from daemon.json and --seccomp-profile from the command line of dockerd, and restart the daemon.',
  fix: { settings: { 'seccomp-profile': null } },
  references: ['https://docs.docker.com/engine/security/seccomp/'],
  needs: ['info'],
  test: ({ info }) =>
    onLinux(info, () => {
      const option = securityOption(info, 'seccomp')
      if (!option) return fail('no seccomp')
      // `default` until Docker Engine 20.10.
      const profile = option.get('profile') ?? ''
      if (profile === 'unconfined') return fail('profile: unconfined')
      return ['builtin', 'default'].includes(profile) ? pass() : warn(`profile: ${profile}, a custom profile`)
    }),
})

const mandatoryAccess = daemonCheck({
  id: 'D-MAC',
  title: 'AppArmor or SELinux confines containers',
  family: 'daemon',
  severity: 'medium',
  cis: { '1.6': ['5.2', '5.3'], '1.8': ['5.2', '5.3'] },
  why: 'Without AppArmor or SELinux, an attacker who breaks out of a container can read and change the files of the host.',
  remedy:
    'Start the host with the kernel parameters apparmor=1 security=apparmor; or, on a host with SELinux, set "selinux-enabled": true in daemon.json and restart the daemon.',
  references: ['https://docs.docker.com/engine/security/apparmor/'],
  needs: ['info'],
  test: ({ info }) =>
    onLinux(info, () => {
      const found = ['apparmor', 'selinux'].filter((name) => securityOption(info, name))
      if (found.length > 0) return pass(found.join(', '))
      return securityOption(info, 'rootless')
        ? notApplicable('rootless mode does not support AppArmor')
        : fail('neither AppArmor nor SELinux')
    }),
})

const cgroup1 = daemonCheck({
  id: 'D-CGROUP1',
  title: 'The host uses cgroup v2',
  family: 'daemon',
  severity: 'low',
  cis: {},
  why: 'On cgroup v1, an attacker in a container with CAP_SYS_ADMIN can run programs on the host through release_agent. Docker Engine 29 has deprecated cgroup v1.',
  remedy: 'Start the host with the kernel parameter systemd.unified_cgroup_hierarchy=1, or upgrade its distribution.',
  references: ['https://docs.docker.com/engine/deprecated/', 'https://man7.org/linux/man-pages/man7/cgroups.7.html'],
  needs: ['info'],
  test: ({ info }) =>
    onLinux(info, () => {
      const version = reported(info.CgroupVersion, 'info.CgroupVersion')
      return version === '2' ? pass() : warn(`CgroupVersion: ${version}`)
    }),
})

/** Barriers between containers and the host that the daemon sets up. */
export const DAEMON_ISOLATION: readonly Check[] = [
  userNamespaces,
  rootless,
  noNewPrivileges,
  seccomp,
  mandatoryAccess,
  cgroup1,
]
