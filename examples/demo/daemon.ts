import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { renderArgv, renderOverride, type DaemonOptions } from 'docker-mtls/daemon'
import type { InitReport } from '../../lib/keystore/init/init.ts'
import { startDockerd, type Daemon } from '../../test/daemon/harness/dockerd.ts'
import { chooseDaemonPlace, type DaemonPlace } from '../../test/daemon/harness/place.ts'
import { connectOurs } from './client.ts'
import { showContainer } from './container.ts'
import { showDockerCli } from './docker-cli.ts'
import { makeKeys } from './keys.ts'
import type { Progress } from './progress.ts'
import { showRefusals } from './refusals.ts'

/** The main job: keys, configuration, a real dockerd, this package and the Docker CLI as its clients, and who stays out. */
export async function demonstrateDaemon(progress: Progress): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'demo-'))
  const place = await chooseDaemonPlace()
  const made = await makeKeys(progress, folder, place.port)
  const daemon = await startRendered(progress, place, made)
  try {
    const docker = await connectOurs(progress, made)
    try {
      const cli = await showDockerCli(progress, made)
      await showContainer(progress, docker, cli)
    } finally {
      await docker.close()
    }
    await showRefusals(progress, made, 'the daemon')
  } finally {
    const end = (): Promise<void> => daemon.stop().then(() => rm(folder, { recursive: true }))
    await progress.step('Stopping the daemon', end, () => 'Stopped the daemon and removed its files')
  }
}

/** An override for explicit listeners: outside systemd nobody hands a socket over, so `fd://` has no meaning here. */
async function startRendered(progress: Progress, place: DaemonPlace, { server, folder }: InitReport): Promise<Daemon> {
  const { ca, cert, key } = server.paths
  const options: DaemonOptions = {
    exec: place.dockerd,
    listen: place.listen,
    tls: { ca, cert, key },
    usernsRemap: 'default',
  }
  const override = renderOverride(options)
  await writeFile(join(folder, 'server', 'demo.conf'), override)
  const daemon = await progress.step(
    'Starting dockerd with the rendered configuration',
    () => startDockerd({ place, argv: renderArgv(options) }),
    () => 'Started dockerd with the rendered configuration, with user namespaces',
  )
  progress.note(override.replaceAll(' -', '\n    -'))
  return daemon
}
