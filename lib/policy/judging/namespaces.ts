import { fromBaseline, type Judge, type Judged } from './finding.ts'
import { textOf } from './values.ts'

/** The mode of a namespace: one of these, or `container:NAME` if a container can join that of another. */
function judgeMode(own: readonly string[], canJoin = false): Judge {
  return function* (value, where) {
    const mode = textOf(value)
    if (canJoin && mode.startsWith('container:'))
      yield { kind: 'container', name: mode.slice('container:'.length), where }
    else if (!own.includes(mode)) yield fromBaseline('HOST_NAMESPACE', where, `it is ${mode}`)
  }
}

export const judgePidMode = judgeMode(['', 'private'], true)
export const judgeIpcMode = judgeMode(['', 'none', 'private', 'shareable'], true)
export const judgeUtsMode = judgeMode([''])
export const judgeUsernsMode = judgeMode([''])
export const judgeCgroupnsMode = judgeMode(['', 'private'])

/** `HostConfig.NetworkMode`: also the name or id of a network, which may be that of the host. */
export const judgeNetworkMode: Judge = function* (value, where) {
  const mode = textOf(value)
  if (mode === 'host') yield fromBaseline('HOST_NAMESPACE', where, 'it is host')
  else if (mode.startsWith('container:')) yield { kind: 'container', name: mode.slice('container:'.length), where }
  else yield* judgeNetworkName(mode, where)
}

/** The network that dockerd takes if none is named. */
export const DEFAULT_NETWORK = 'bridge'

/** A network by its name or id. `none` is no network. */
export function* judgeNetworkName(name: string, where: string): Iterable<Judged> {
  const isDefault = name === '' || name === 'default'
  if (name !== 'none') yield { kind: 'network', name: isDefault ? DEFAULT_NETWORK : name, where }
}
