import { unknown, refused, Refused, type Kind } from './value.ts'

/** All capabilities of Linux (include/uapi/linux/capability.h), as the Engine API writes them without `CAP_`. */
const CAPABILITIES: readonly string[] = (
  'CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE ' +
  'NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN ' +
  'SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE ' +
  'MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE'
).split(' ')

const KNOWN: ReadonlySet<string> = new Set(CAPABILITIES)

const capability = (insteadOfAll: string): Kind<string> => ({
  expected: 'a capability, such as NET_BIND_SERVICE',
  read: (text) => {
    const name = text.replace(/^CAP_/, '')
    if (KNOWN.has(name)) return name
    if (/^all$/i.test(name)) return refused(text, 'is every capability', `Write each one, or use the ${insteadOfAll}.`)
    const todo = 'Write it as in capabilities(7), such as NET_BIND_SERVICE.'
    return new Refused(() => unknown(name, CAPABILITIES, 'a capability', todo))
  },
})

export const CAPABILITY: Kind<string> = capability('level privileged')

/** One that a container may not have. */
export const DENIED_CAPABILITY: Kind<string> = capability('level restricted')
