/** What a container has without options (moby, oci/caps/defaults.go). */
export const DEFAULT_CAPABILITIES: readonly string[] = [
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'NET_RAW',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
]

/** With one of these, root in a container changes its host, or reads what the host keeps from it (capabilities(7)). */
const DANGEROUS: ReadonlySet<string> = new Set([
  'ALL',
  'AUDIT_CONTROL',
  'BPF',
  'CHECKPOINT_RESTORE',
  'DAC_READ_SEARCH',
  'MAC_ADMIN',
  'MAC_OVERRIDE',
  'NET_ADMIN',
  'PERFMON',
  'SYSLOG',
  'SYS_ADMIN',
  'SYS_BOOT',
  'SYS_MODULE',
  'SYS_PTRACE',
  'SYS_RAWIO',
  'SYS_TIME',
])

/** Settings of a container that decide about its capabilities. */
export interface CapabilitySettings {
  readonly privileged: boolean
  readonly added: readonly string[]
  readonly dropped: readonly string[]
}

/**
 * The capabilities of root in a container, as dockerd computes them (moby, oci/caps/utils.go: TweakCapabilities). `ALL`
 * means all that the kernel has. `--cap-add ALL` beats `--cap-drop ALL`.
 */
export function effectiveCapabilities({ privileged, added, dropped }: CapabilitySettings): readonly string[] {
  if (privileged) return ['ALL']
  const adds = added.map(capabilityName)
  if (adds.includes('ALL')) return ['ALL']
  const drops = new Set(dropped.map(capabilityName))
  const kept = drops.has('ALL') ? [] : DEFAULT_CAPABILITIES.filter((name) => !drops.has(name))
  return [...new Set([...kept, ...adds])].toSorted()
}

/** Capabilities beyond the default set. */
export function extraCapabilities(names: readonly string[]): {
  dangerous: readonly string[]
  other: readonly string[]
} {
  const extra = names.filter((name) => !DEFAULT_CAPABILITIES.includes(name))
  return {
    dangerous: extra.filter((name) => DANGEROUS.has(name)),
    other: extra.filter((name) => !DANGEROUS.has(name)),
  }
}

/** `cap_net_raw` and `NET_RAW` are the same to dockerd. `CAP_ALL` is not `ALL`: dockerd refuses it. */
export function capabilityName(given: string): string {
  const name = given.toUpperCase()
  return name === 'CAP_ALL' ? name : name.replace(/^CAP_/, '')
}
