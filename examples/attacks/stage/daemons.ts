import { join } from 'node:path'
import { connect, type EndpointOptions } from 'docker-mtls'
import { auditSnapshot, collectSnapshot, diagnose, type AuditReport } from 'docker-mtls/audit'
import { startDockerd } from '../../../test/daemon/harness/dockerd.ts'
import { makeImage } from '../../../test/daemon/harness/image.ts'
import { chooseDaemonPlace, type DaemonPlace } from '../../../test/daemon/harness/place.ts'
import type { Way } from './ask.ts'
import { createHost, type Host } from './host.ts'
import type { Target } from './target.ts'

/** A daemon on a throw-away host, in namespaces, on loopback. */
export interface Stage {
  readonly target: Target
  /** Audits the daemon as its administrator would. */
  readonly audit: () => Promise<AuditReport>
  /** Stops the daemon, and removes the host. */
  readonly stop: () => Promise<void>
}

/** A daemon that is to be started. */
export interface Scene {
  readonly place: DaemonPlace
  readonly host: Host
  /** The command line of dockerd. */
  readonly argv: readonly string[]
  /** Does it run containers? */
  readonly image: boolean
  readonly target: Omit<Target, 'host' | 'socketPath' | 'local' | 'port' | 'diagnose'>
  /** How its administrator connects. */
  readonly admin: EndpointOptions
}

/** In a container, an attacker needs a program that can use a socket. */
const PROGRAMS = ['/usr/bin/perl']

/** The network of these namespaces is our own, so each daemon has a port that nothing else uses. */
export async function choosePlace(port: number): Promise<DaemonPlace> {
  const place = await chooseDaemonPlace()
  return { ...place, port, listen: [place.listen[0], `tcp://127.0.0.1:${port}`] }
}

/** Starts the daemon of a scene. */
export async function startStage(place: DaemonPlace, build: (host: Host) => Promise<Scene>): Promise<Stage> {
  const host = await createHost(join(place.folder, 'host'))
  try {
    const scene = await build(host)
    const daemon = await startDockerd({ place, argv: scene.argv, within: host.within })
    try {
      if (scene.image) await makeImage(daemon, undefined, PROGRAMS)
    } catch (error) {
      await daemon.stop()
      throw error
    }
    return stageOf(scene, () => daemon.stop().finally(host.stop))
  } catch (error) {
    host.stop()
    throw error
  }
}

function stageOf({ place, host, target, admin }: Scene, stop: Stage['stop']): Stage {
  const { socketPath, port } = place
  const local: Way = { name: 'the local socket', socketPath }
  const lookAt: Target['diagnose'] = (other) => diagnose({ ...admin, host: `tcp://127.0.0.1:${other}` }, {})
  return { target: { ...target, host, socketPath, local, port, diagnose: lookAt }, audit: () => audit(admin), stop }
}

async function audit(admin: EndpointOptions): Promise<AuditReport> {
  const docker = await connect(admin, {})
  try {
    return auditSnapshot(await collectSnapshot(docker))
  } finally {
    await docker.close()
  }
}
