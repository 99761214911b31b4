import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, openSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { inNamespaces } from '../../../scripts/namespaces.ts'
import { findProgram } from '../../../scripts/packages.ts'
import { startWords } from '../../../lib/daemon-config/gateway-unit.ts'
import { parseListen } from '../../../lib/daemon-config/listen.ts'
import { renderPodmanUnit } from '../../../lib/daemon-config/podman-unit.ts'
import { PkiFolder } from '../../../lib/pki.ts'
import { unmountBelow } from '../../daemon/harness/unmount.ts'
import { cleanEnvironment } from '../../support/command.ts'
import { freePort, isListening } from '../../support/ports.ts'

/** A `podman system service` that asks for client certificates of our CA. */
export interface Podman {
  readonly folder: string
  readonly port: number
  /** A local socket of the same Podman, served by a process of its own. */
  readonly socketPath: string
  readonly pki: PkiFolder
  /** The variables that a client needs. */
  readonly env: Readonly<Record<'DOCKER_HOST' | 'DOCKER_TLS_VERIFY' | 'DOCKER_CERT_PATH', string>>
  readonly log: () => string
  readonly stop: () => Promise<void>
}

/** Its options: runc and cgroupfs, since crun and systemd need control groups of version 2. */
export function podmanOptions(folder: string): string[] {
  const place = ['root', 'runroot', 'tmpdir'].map((name) => `--${name}=${join(folder, name)}`)
  return [...place, '--runtime=runc', '--cgroup-manager=cgroupfs', '--events-backend=file']
}

/** Starts it with the files that `docker-mtls init` makes. It ends with this process. */
export async function startPodman(): Promise<Podman> {
  if (!inNamespaces() || findProgram('podman') === undefined)
    throw new Error('These tests need Podman in namespaces:  npm test -- --engine=podman FILE')
  const folder = await mkdtemp(join(tmpdir(), 'podman-'))
  const pki = new PkiFolder(join(folder, 'pki'))
  await pki.ensureAuthority({ keyType: 'p256' })
  const { paths: server } = await pki.ensureServer(['localhost'], { keyType: 'p256' })
  const { paths: client } = await pki.ensureClient('tester', { keyType: 'p256' })
  const port = await freePort()
  const host = `tcp://127.0.0.1:${port}`
  // nftables is a package that these tests don't need otherwise, and a container may not have higher limits than we.
  const settings = join(folder, 'containers.conf')
  await writeFile(
    settings,
    '[network]\nfirewall_driver = "iptables"\n[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\n',
  )
  const registries = join(folder, 'registries.conf')
  await writeFile(registries, '[[registry]]\nlocation = "127.0.0.1"\ninsecure = true\n')
  const logFile = join(folder, 'log')
  const log = openSync(logFile, 'a')
  // As the unit of `init --podman` starts it.
  const { unit } = renderPodmanUnit({ listen: [parseListen(host)], tlsDir: server.folder })
  const service = startWords(unit.text).slice(1)
  const socketPath = join(folder, 'podman.sock')
  const children = [service, ['system', 'service', '--time=0', `unix://${socketPath}`]].map((args) =>
    spawn('setpriv', ['--pdeathsig', 'TERM', 'podman', ...podmanOptions(folder), ...args], {
      stdio: ['ignore', log, log],
      env: cleanEnvironment({
        HOME: folder,
        CONTAINERS_CONF_OVERRIDE: settings,
        CONTAINERS_REGISTRIES_CONF: registries,
      }),
    }),
  )
  const ended = Promise.all(children.map((child) => once(child, 'exit')))
  const read = (): string => (existsSync(logFile) ? readFileSync(logFile, 'utf8') : '')
  for (let waited = 0; !(await isListening(port)) || !existsSync(socketPath); waited++) {
    if (children.some(({ exitCode }) => exitCode !== null) || waited > 400)
      throw new Error(`Podman doesn't listen:\n${read()}`)
    await delay(25)
  }
  return {
    folder,
    port,
    socketPath,
    pki,
    env: { DOCKER_HOST: host, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: client.folder },
    log: read,
    stop: async () => {
      for (const child of children) child.kill('SIGTERM')
      await ended
      unmountBelow(folder)
      await rm(folder, { recursive: true, force: true })
    },
  }
}
