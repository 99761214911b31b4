import { containerCheck, type Check } from '../check.ts'
import { cisItems, dockerDocs, manPage } from '../container/documents.ts'
import { openPaths } from '../../container/masks.ts'
import { judgeSeccompProfile } from '../container/seccomp.ts'
import { isTrue, parseSecurityOptions } from '../../container/security-options.ts'
import { judgeNamespace } from '../container/shared-namespace.ts'
import { daemonFeatures, isContained } from '../container/user-namespace.ts'
import type { ContainerFacts } from '../snapshot/container-schema.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import { fail, notApplicable, pass, reported, unknown, warn, type Verdict } from '../verdict.ts'

const seccomp = containerCheck({
  id: 'C-SECCOMP',
  title: 'A seccomp profile limits the system calls of the container',
  severity: 'high',
  cis: cisItems('5.22'),
  why: 'The default profile blocks system calls that containers rarely need and exploits often do. Without it, an attacker in the container reaches far more of the kernel.',
  remedy: 'Create the container again without --security-opt seccomp=unconfined and without --privileged.',
  references: [dockerDocs('engine/security/seccomp/'), manPage('seccomp.2')],
  test: (inspect, snapshot) => {
    const profile = option(inspect, 'seccomp')
    if (profile !== undefined && profile !== '') return judgeSeccompProfile(profile)
    if (isPrivileged(inspect)) return fail('Privileged: true, which disables seccomp')
    return judgeDefaultProfile(snapshot)
  },
})

/** The profile of containers that name none. */
function judgeDefaultProfile(snapshot: Snapshot): Verdict {
  const feature = daemonFeatures(snapshot).get('seccomp')
  if (!feature) return fail('the daemon does not use seccomp')
  // `default` until Docker Engine 20.10.
  const profile = feature.get('profile') ?? ''
  if (profile === 'unconfined') return fail('unconfined is the default of the daemon')
  return ['', 'builtin', 'default'].includes(profile)
    ? pass()
    : unknown(`the daemon reads its profile from ${profile}, and does not show it`)
}

const appArmor = containerCheck({
  id: 'C-APPARMOR',
  title: 'An AppArmor profile confines the container',
  severity: 'medium',
  cis: cisItems('5.2'),
  why: 'The profile docker-default forbids mounts, and writing to sensitive files of /proc and /sys, even to root in the container. Without it, an attacker has more ways to break out.',
  remedy: 'Create the container again without --security-opt apparmor=unconfined and without --privileged.',
  references: [dockerDocs('engine/security/apparmor/')],
  test: (inspect, snapshot) => {
    if (!daemonFeatures(snapshot).has('apparmor')) return notApplicable('the host does not use AppArmor')
    const requested = option(inspect, 'apparmor')
    const profile = reported(inspect.AppArmorProfile, 'AppArmorProfile') || (requested ?? '')
    if (profile === 'unconfined') return fail('AppArmor profile: unconfined')
    if (profile !== '') return pass(`AppArmor profile: ${profile}`)
    return isPrivileged(inspect) ? fail('Privileged: true, which disables AppArmor') : pass()
  },
})

/** Types of SELinux that are not confined (selinux-policy, container-selinux). */
const UNCONFINED_TYPES: ReadonlySet<string> = new Set(
  ['spc_t', 'unconfined_t', 'unconfined_service_t', 'container_runtime_t', 'init_t', 'initrc_t', 'kernel_t'].map(
    (type) => `type:${type}`,
  ),
)

const label = containerCheck({
  id: 'C-LABEL',
  title: 'SELinux confines the container',
  severity: 'medium',
  cis: cisItems('5.3'),
  why: 'SELinux keeps an attacker in a container away from files that do not belong to it, even if a mount shows them.',
  remedy:
    'Create the container again without --security-opt label=disable, --privileged, --pid host and --ipc host. Use :z or :Z for its mounts.',
  references: [manPage('selinux.8'), dockerDocs('engine/storage/bind-mounts/')],
  test: (inspect, snapshot) => {
    if (!daemonFeatures(snapshot).has('selinux')) return notApplicable('the daemon does not use SELinux')
    const labels = securityOptions(inspect).get('label') ?? []
    if (labels.includes('disable')) return fail('label=disable')
    const unconfined = labels.find((one) => UNCONFINED_TYPES.has(one))
    if (unconfined !== undefined) return fail(`label=${unconfined}, which SELinux does not confine`)
    if (isPrivileged(inspect)) return fail('Privileged: true, which disables the label')
    const shared = labels.length > 0 ? undefined : withoutLabel(inspect, snapshot)
    return shared === undefined ? pass() : fail(`${shared}, which disables the label`)
  },
})

const masked = containerCheck({
  id: 'C-MASK',
  title: 'Sensitive paths in /proc and /sys are masked',
  severity: 'high',
  cis: {},
  why: 'Without the masks, an attacker who is root in the container can read the memory of the kernel, change its settings for the whole host, or restart the host.',
  remedy: 'Create the container again without --security-opt systempaths=unconfined and without --privileged.',
  references: [dockerDocs('reference/cli/docker/container/run/'), manPage('proc.5')],
  test: (inspect, snapshot) => {
    if (isPrivileged(inspect)) return fail('Privileged: true, which removes the masks')
    const hidden = reported(inspect.HostConfig?.MaskedPaths, 'HostConfig.MaskedPaths')
    const { bad, other } = openPaths(hidden, reported(inspect.HostConfig?.ReadonlyPaths, 'HostConfig.ReadonlyPaths'))
    const open = [...bad, ...other].join(', ')
    if (bad.length === 0) return open === '' ? pass() : warn(open)
    return isContained(inspect, snapshot) ? warn(`${open} (in a user namespace)`) : fail(open)
  },
})

const newPrivileges = containerCheck({
  id: 'C-NNP',
  title: 'Processes in the container cannot gain privileges',
  severity: 'medium',
  cis: cisItems('5.26'),
  why: 'Without no-new-privileges, an attacker who controls an unprivileged process can become root in the container with a setuid program such as su.',
  remedy:
    'Create the container again with --security-opt no-new-privileges, or set "no-new-privileges": true in daemon.json for all containers that are created afterwards.',
  references: [
    dockerDocs('reference/cli/docker/container/run/'),
    'https://docs.kernel.org/userspace-api/no_new_privs.html',
  ],
  test: (inspect, snapshot) => {
    const requested = option(inspect, 'no-new-privileges')
    if (requested !== undefined) return isTrue(requested) ? pass() : fail(`no-new-privileges=${requested}`)
    // The daemon applies it when it creates a container: older ones keep going without (executed: 26.1.5).
    return daemonFeatures(snapshot).has('no-new-privileges')
      ? unknown('the daemon applies its default only to containers that were created after it was set')
      : fail('no-new-privileges is not set')
  },
})

/**
 * The namespace of the host for which dockerd disables the label of a container that asks for none (moby, daemon/create.go:
 * generateSecurityOpt). An existing container has the option, but not the request for one.
 */
function withoutLabel(inspect: ContainerFacts, snapshot: Snapshot): string | undefined {
  const verdicts = (['PidMode', 'IpcMode'] as const).map((mode) => judgeNamespace(inspect, mode, snapshot))
  return verdicts.find(({ status }) => status === 'fail')?.detail
}

function securityOptions({ HostConfig }: ContainerFacts): ReturnType<typeof parseSecurityOptions> {
  return parseSecurityOptions(reported(HostConfig?.SecurityOpt, 'HostConfig.SecurityOpt'))
}

/** The value that counts: dockerd takes the last one. */
function option(inspect: ContainerFacts, name: string): string | undefined {
  return securityOptions(inspect).get(name)?.at(-1)
}

function isPrivileged({ HostConfig }: ContainerFacts): boolean {
  return reported(HostConfig?.Privileged, 'HostConfig.Privileged')
}

/** What confines the processes of a container. */
export const CONTAINER_CONFINEMENT: readonly Check[] = [seccomp, appArmor, label, masked, newPrivileges]
