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

/**
 * Creates keys and configuration, starts a real dockerd, connects with this package and the Docker CLI, and shows
 * refused connections.
 */
export async function demonstrateDaemon(progress: Progress): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'demo-'))
  const place = await chooseDaemonPlace()
  const report = await makeKeys(progress, folder, place.port)
  const daemon = await startRendered(progress, place, report)
  try {
    const docker = await connectOurs(progress, report)
    try {
      const cli = await showDockerCli(progress, report)
      await showContainer(progress, docker, cli)
    } finally {
      await docker.close()
    }
    await showRefusals(progress, report, 'the daemon')
  } finally {
    const end = (): Promise<void> => daemon.stop().then(() => rm(folder, { recursive: true }))
    await progress.step('Stopping the daemon', end, () => 'Stopped the daemon and removed its files')
  }
}

/** Renders an override with explicit listeners: outside systemd no socket is passed, so `fd://` doesn't work. */
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
