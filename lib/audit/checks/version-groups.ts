import type { CheckFacts } from '../check.ts'
import type { GroupId } from '../cve/vulnerability.ts'

/** Checks that report several vulnerabilities, which have the same remedy. */
export const VERSION_GROUPS: ReadonlyArray<CheckFacts & { readonly id: GroupId }> = [
  {
    id: 'D-AUTHZ-HOLLOW',
    title: 'The authorization plugin sees every request',
    family: 'versions',
    severity: 'critical',
    cis: {},
    why: 'Some engines execute requests whose body the authorization plugin has not seen. So any client can do what the plugin forbids, such as starting a privileged container.',
    remedy: 'Upgrade Docker Engine to 29.3.1 or newer, and restart the daemon.',
    references: ['https://docs.docker.com/engine/extend/plugins_authorization/'],
  },
  {
    id: 'D-FIREWALL',
    title: 'A reload of firewalld keeps the rules of the daemon',
    family: 'versions',
    severity: 'medium',
    cis: {},
    why: 'Some engines do not restore their rules after firewalld is reloaded. An attacker in a container then reaches other networks, and other hosts reach ports that are published on the loopback address only.',
    remedy:
      'Upgrade Docker Engine to 28.3.3 or newer. Until then, run systemctl restart docker after each reload of firewalld.',
    references: ['https://docs.docker.com/engine/network/packet-filtering-firewalls/'],
  },
  {
    id: 'D-GO',
    title: 'The Go runtime of the daemon has the fixes of its release line',
    family: 'versions',
    severity: 'medium',
    cis: {},
    why: 'The version of the engine does not tell which version of Go it was built with. With an older one, clients, registries and images can crash dockerd, or exhaust its memory or CPU time.',
    remedy: 'Install a build of Docker Engine with Go 1.26.10 or 1.27.3, or newer.',
    references: ['https://go.dev/doc/devel/release'],
  },
  {
    id: 'D-KERNEL',
    title: 'The kernel, or dockerd in its place, blocks known ways to break out of containers',
    family: 'versions',
    severity: 'high',
    cis: {},
    why: 'All containers share the kernel of the host. With a flaw in the kernel, an attacker in a container can change other containers or become root on the host.',
    remedy: 'Install the updates of the kernel and restart the host, and upgrade Docker Engine to 29.4.2 or newer.',
    references: ['https://docs.docker.com/engine/security/seccomp/'],
  },
  {
    id: 'D-UNREACHED',
    title: 'No attacker reaches the other known vulnerabilities of these versions through dockerd',
    family: 'versions',
    severity: 'low',
    cis: {},
    why: 'Scanners report vulnerabilities by versions alone. This check never fails: it names those that do not matter in a Docker daemon, with the reason.',
    remedy: 'Nothing, unless another program uses the same containerd or runc, such as Kubernetes.',
    references: ['https://go.dev/doc/security/vuln/', 'https://github.com/containerd/containerd/security/advisories'],
  },
]
