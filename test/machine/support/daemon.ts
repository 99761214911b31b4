import type { Machine } from '../machine.ts'

/**
 * Everything that an apply may touch: files below /etc with mode, owner and contents, and what is kept for going back.
 * What changes by itself is left out.
 */
export async function snapshot(machine: Machine): Promise<string> {
  const script = [
    'cd /',
    'find etc/docker etc/systemd/system etc/default etc/subuid etc/subgid etc/passwd etc/group var/lib/docker-mtls \\( -name last -o -name before -o -name "*Z-*" \\) -prune -o -type d -printf "%p %m\\n" -o -type l -printf "%p %m %u:%g -> %l\\n" -o -printf "%p %m %u:%g\\n" -exec md5sum {} + 2>/dev/null | sort',
  ].join('; ')
  return (await machine.must(['sh', '-c', script])).replace(/^var\/lib\/docker-mtls \d+\n/m, '')
}

export async function daemonPid(machine: Machine): Promise<string> {
  return (await machine.must(['systemctl', 'show', 'docker.service', '-p', 'MainPID', '--value'])).trim()
}

/** By the local socket, as everybody on the machine does. */
export async function localDaemonAnswers(machine: Machine): Promise<boolean> {
  return (await machine.run(['timeout', '20', 'docker', 'version'])).code === 0
}

/** Docker's own command with the files of a client, over TLS. Gives its exit code. */
export async function pingAs(machine: Machine, folder: string, host = 'localhost:2376'): Promise<number> {
  const env = { DOCKER_HOST: `tcp://${host}`, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: folder }
  return (await machine.run(['timeout', '20', 'docker', 'version'], { env })).code
}

/** The names of the programs that listen on a port of a machine. */
export async function listeners(machine: Machine, port: number): Promise<string[]> {
  const lines = await machine.must(['ss', '-Hltnp', `sport = :${port}`])
  return [...new Set([...lines.matchAll(/\(\("([^"]+)"/g)].map(([, program = '']) => program))]
}
