import { daemonCheck, type Check } from '../check.ts'
import type { PluginFacts } from '../snapshot/plugin-schema.ts'
import { fail, notApplicable, pass, reported, warn, type Verdict } from '../verdict.ts'
import { eachCheck } from './each.ts'

const authorization = daemonCheck({
  id: 'D-AUTHZ',
  title: 'An authorization plugin decides what each client may do',
  family: 'daemon',
  severity: 'medium',
  cis: { '1.6': ['2.12'], '1.8': ['2.13'] },
  why: 'Without an authorization plugin, anyone with a client certificate may do everything, and so become root on the host.',
  remedy:
    'Set "authorization-plugins" in daemon.json and restart the daemon, or give client certificates only to people who may be root.',
  references: ['https://docs.docker.com/engine/extend/plugins_authorization/'],
  needs: ['info'],
  test: ({ info }) => {
    const plugins = reported(info.Plugins?.Authorization, 'info.Plugins.Authorization')
    return plugins.length > 0 ? pass(plugins.join(', ')) : warn('no authorization plugin')
  },
})

/** A plugin with one of these mounts controls the host. */
const CONTROLS_HOST = /^\/?$|^\/(?:var\/)?run\/?$|\/(?:docker|containerd)\.sock$|^\/(?:etc|root|var\/lib\/docker)\/?$/

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
  test: (plugin) => judgePlugin(plugin),
})

function judgePlugin(plugin: PluginFacts): Verdict {
  if (!reported(plugin.Enabled, 'Enabled')) return notApplicable('the plugin is disabled')
  const { Mounts, Devices } = plugin.Settings ?? {}
  const { Network, Linux, IpcHost, PidHost } = plugin.Config ?? {}
  const sources = reported(Mounts, 'Settings.Mounts').map(({ Source }) => Source ?? '')
  const allDevices = reported(Linux?.AllowAllDevices, 'Config.Linux.AllowAllDevices')
  const control = sources.filter((source) => CONTROLS_HOST.test(source)).map((source) => `mount of ${source}`)
  if (control.length > 0 || allDevices) return fail([...control, ...(allDevices ? ['all devices'] : [])].join(', '))
  const privileges = [
    ...sources.filter((source) => source !== '').map((source) => `mount of ${source}`),
    ...reported(Devices, 'Settings.Devices').map(({ Path }) => `device ${Path}`),
    ...reported(Linux?.Capabilities, 'Config.Linux.Capabilities'),
    ...(reported(Network, 'Config.Network').Type === 'host' ? ['network of the host'] : []),
    ...(reported(IpcHost, 'Config.IpcHost') ? ['IPC of the host'] : []),
    ...(reported(PidHost, 'Config.PidHost') ? ['processes of the host'] : []),
  ]
  const byTag = plugin.PluginReference !== undefined && !plugin.PluginReference.includes('@sha256:')
  const found = [...privileges, ...(byTag ? ['installed by tag'] : [])]
  return found.length > 0 ? warn(found.join(', ')) : pass()
}

/** Plugins of the daemon. */
export const DAEMON_PLUGINS: readonly Check[] = [authorization, plugins]
