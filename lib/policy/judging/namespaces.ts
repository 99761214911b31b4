import { fromBaseline, type Judge } from './finding.ts'
import { textOf } from './values.ts'

/** The mode of a namespace: `host`, `container:NAME`, or one of these. */
function judgeMode(own: readonly string[]): Judge {
  return function* (value, where) {
    const mode = textOf(value)
    if (mode.startsWith('container:')) yield { kind: 'container', name: mode.slice('container:'.length), where }
    else if (!own.includes(mode)) yield fromBaseline('HOST_NAMESPACE', where, `it is ${mode}`)
  }
}

export const judgePidMode = judgeMode(['', 'private'])
export const judgeIpcMode = judgeMode(['', 'none', 'private', 'shareable'])
export const judgeUtsMode = judgeMode([''])
export const judgeUsernsMode = judgeMode([''])
export const judgeCgroupnsMode = judgeMode(['', 'private'])

/** Networks that dockerd creates for a container alone, or that all containers have. */
export const OWN_NETWORKS: ReadonlySet<string> = new Set(['', 'default', 'bridge', 'none', 'private'])

/** `HostConfig.NetworkMode`: also the name or id of a network, which may be that of the host. */
export const judgeNetworkMode: Judge = function* (value, where) {
  const mode = textOf(value)
  if (mode === 'host') yield fromBaseline('HOST_NAMESPACE', where, 'it is host')
  else if (mode.startsWith('container:')) yield { kind: 'container', name: mode.slice('container:'.length), where }
  else if (!OWN_NETWORKS.has(mode)) yield { kind: 'network', name: mode, where }
}
