import { fail, pass, warn, type Verdict } from '../verdict.ts'

/** Parameters of the IPC namespace, and of the message queues (moby, opts/opts.go: ValidateSysctl). */
const OF_IPC = /^(?:kernel\.(?:msgmax|msgmnb|msgmni|sem|shmall|shmmax|shmmni|shm_rmid_forced)|fs\.mqueue\..+)$/
/** Sizes, times and port ranges of the network namespace, and what only limits the container. */
const HARMLESS_NET = [
  /^net\.core\.(?:somaxconn|[rw]mem_(?:default|max)|netdev_max_backlog)$/,
  /^net\.ipv4\.(?:tcp_.+|udp_.+|ip_local_port_range|ip_local_reserved_ports)$/,
  /^net\.ipv4\.(?:ip_unprivileged_port_start|ping_group_range|icmp_.+|neigh\..+)$/,
  /^net\.ipv[46]\.conf\.[^.]+\.(?:disable_ipv6|src_valid_mark|arp_.+)$/,
  /^net\.unix\.max_dgram_qlen$/,
]
/** Values that make the container stricter, or are the default. */
const HARMLESS_VALUES = [
  /^net\.ipv4\.ip_forward=0$/,
  /^net\.ipv6\.conf\.[^.]+\.(?:forwarding|accept_ra|accept_redirects|accept_source_route|autoconf)=0$/,
  /^net\.ipv4\.conf\.[^.]+\.(?:forwarding|accept_redirects|accept_source_route|send_redirects|route_localnet)=0$/,
  /^net\.ipv4\.conf\.[^.]+\.(?:rp_filter=[12]|log_martians=[01])$/,
]

/** Judges a kernel parameter of a container. The name may have slashes, as sysctl(8) allows. */
export function judgeSysctl(given: string, value: string): Verdict {
  const name = given.includes('/') ? given.replaceAll('/', '.') : given
  const setting = `${name}=${value.trim()}`
  if (OF_IPC.test(name) || HARMLESS_NET.some((pattern) => pattern.test(name))) return pass()
  if (HARMLESS_VALUES.some((pattern) => pattern.test(setting))) return pass()
  const isOfNamespace = name.startsWith('net.') || name === 'kernel.domainname' || name === 'kernel.hostname'
  return isOfNamespace ? warn(setting) : fail(`${setting}, which changes the whole host`)
}
