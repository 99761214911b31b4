import { daemonCheck, known, type Check } from '../check.ts'
import { capabilityName, extraCapabilities } from '../../container/capabilities.ts'
import { configuredPlugins } from '../authorization.ts'
import { dataRootOf, DEFAULT_DATA_ROOT } from '../container/data-root.ts'
import { judgeDevice } from '../container/devices.ts'
import { levelOf } from '../container/host-folders.ts'
import { normalizeHostPath } from '../../container/host-path.ts'
import { contentsOf } from '../../container/local-volume.ts'
import { showsDockerSocket, shownControlSocket } from '../container/sockets.ts'
import type { PluginFacts } from '../snapshot/plugin-schema.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import { worst } from '../worst.ts'
import { fail, notApplicable, pass, reported, unknown, warn, type Verdict } from '../verdict.ts'
import { eachCheck } from './each.ts'

const authorization = daemonCheck({
  id: 'D-AUTHZ',
  title: 'A gateway or an authorization plugin decides what each client may do',
  family: 'daemon',
  severity: 'medium',
  cis: { '1.6': ['2.12'], '1.8': ['2.13'] },
  why: 'Without either, anyone with a client certificate may do everything, and so become root on the host.',
  remedy:
    'Put a gateway with a policy in front of the daemon (docker-mtls gateway render), or set "authorization-plugins" in daemon.json and reload the daemon. Otherwise, give client certificates only to people who may be root.',
  references: ['https://docs.docker.com/engine/extend/plugins_authorization/'],
  needs: ['info'],
  test: ({ info }, snapshot) => {
    const { gateway } = snapshot
    const started = reported(info.Plugins?.Authorization, 'info.Plugins.Authorization')
    const configured = configuredPlugins(snapshot) ?? started
    const other = [...configured, ...started].find((name) => !configured.includes(name) || !started.includes(name))
    if (other !== undefined)
      return unknown(`dockerd does not report whether a reload has put in, or taken out, the plugin ${other}`)
    if (started.length > 0) return pass(`plugins: ${started.join(', ')}`)
    // Its policy may still give everything to everybody: F-PRIVILEGED reads it on the host.
    if (known(gateway) !== null) return pass('a gateway of docker-mtls, whose policy is not visible over the API')
    return warn('no authorization plugin at the start of the daemon, and no gateway of docker-mtls')
  },
})

const plugins = eachCheck({
  id: 'D-PLUGINS',
  title: 'The managed plugin has no privileges on the host',
  family: 'daemon',
  severity: 'high',
  cis: {},
  why: 'A managed plugin runs on the host with the privileges that it was granted. An attacker who controls its repository has them after the next upgrade.',
  remedy:
    'Remove plugins that you do not need (docker plugin disable NAME, then docker plugin rm NAME), and install the others by digest: docker plugin install NAME@sha256:DIGEST',
  references: [
    'https://docs.docker.com/engine/extend/',
    'https://docs.docker.com/reference/cli/docker/plugin/install/',
  ],
  of: 'plugins',
  none: 'there are no managed plugins',
  subject: ({ Id = '', Name = '' }) => ({ kind: 'plugin', id: Id, name: Name }),
  test: (plugin, snapshot) => judgePlugin(plugin, snapshot),
})

function judgePlugin(plugin: PluginFacts, snapshot: Snapshot): Verdict {
  if (!reported(plugin.Enabled, 'Enabled')) return notApplicable('the plugin is disabled')
  const { Mounts, Devices } = plugin.Settings ?? {}
  const byTag = plugin.PluginReference !== undefined && !plugin.PluginReference.includes('@sha256:')
  return worst([
    ...reported(Mounts, 'Settings.Mounts').map((mount) => judgeMount(mount, snapshot)),
    // A device that nobody has set yet has no path.
    ...reported(Devices, 'Settings.Devices').map(({ Path = '' }) => (Path === '' ? pass() : judgePluginDevice(Path))),
    ...judgePrivileges(plugin.Config),
    byTag ? warn('installed by tag') : pass(),
  ])
}

type PluginMount = NonNullable<NonNullable<PluginFacts['Settings']>['Mounts']>[number]

/** By the rules for the mounts of containers. */
function judgeMount({ Source = '', Type = '', Options = [] }: PluginMount, snapshot: Snapshot): Verdict {
  // A mount that nobody has set yet has no source.
  if (Source === '') return pass()
  const isFolder = ['', 'bind', 'rbind'].includes(Type)
  const contents = contentsOf({ type: Type, device: Source, o: [...Options, ...(isFolder ? ['bind'] : [])].join(',') })
  const writable = !Options.includes('ro')
  const verdicts = contents.paths.map((path) => {
    const mount = { path: normalizeHostPath(path), writable, isDisk: contents.isDisk }
    const isSocket = showsDockerSocket(mount.path, snapshot.target) || shownControlSocket(mount.path) !== undefined
    const isBad = isSocket || levelOf(mount, dataRootOf(snapshot) ?? DEFAULT_DATA_ROOT) === 'fail'
    return isBad ? fail(`mount of ${mount.path}`) : warn(`mount of ${mount.path}`)
  })
  return worst([...verdicts, ...(contents.unseen === undefined ? [] : [warn(`mount of ${Source}`)])])
}

function judgePluginDevice(path: string): Verdict {
  const { status } = judgeDevice({ PathOnHost: path, PathInContainer: path, CgroupPermissions: 'rwm' })
  return status === 'fail' ? fail(`device ${path}`) : warn(`device ${path}`)
}

function judgePrivileges(config: PluginFacts['Config']): Verdict[] {
  const { Network, Linux, IpcHost, PidHost } = reported(config, 'Config')
  const capabilities = reported(Linux?.Capabilities, 'Config.Linux.Capabilities').map(capabilityName)
  const { dangerous } = extraCapabilities(capabilities)
  return [
    reported(Linux?.AllowAllDevices, 'Config.Linux.AllowAllDevices') ? fail('all devices') : pass(),
    ...capabilities.map((name) => (dangerous.includes(name) ? fail(name) : warn(name))),
    reported(PidHost, 'Config.PidHost') ? fail('processes of the host') : pass(),
    reported(IpcHost, 'Config.IpcHost') ? fail('IPC of the host') : pass(),
    // Plugins for networks and volumes of servers need it.
    reported(Network, 'Config.Network').Type === 'host' ? warn('network of the host') : pass(),
  ]
}

/** Plugins of the daemon. */
export const DAEMON_PLUGINS: readonly Check[] = [authorization, plugins]
