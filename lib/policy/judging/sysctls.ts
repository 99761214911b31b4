import { fromBaseline, type Judge, type Judged } from './finding.ts'
import { objectOf } from './values.ts'

/** Those of the container's own namespaces that Kubernetes' Pod Security calls safe (kubernetes.io, pod-security-standards). */
const SAFE: ReadonlySet<string> = new Set([
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ping_group_range',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_syncookies',
])

/** `HostConfig.Sysctls`. */
export const judgeSysctls: Judge = function* (value, where) {
  for (const name of Object.keys(objectOf(value))) yield* judgeSysctl(name, where)
}

/** A kernel parameter, of the container or of one of its interfaces. */
export function* judgeSysctl(name: string, where: string): Iterable<Judged> {
  if (!SAFE.has(name)) yield fromBaseline('KERNEL_PARAMETER', where, `it sets the kernel parameter ${name}`)
}
