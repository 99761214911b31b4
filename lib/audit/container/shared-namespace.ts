import type { ContainerFacts } from '../snapshot/container-schema.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import { fail, pass, reported, unknown, type Verdict } from '../verdict.ts'

type Mode = 'NetworkMode' | 'PidMode' | 'IpcMode' | 'UTSMode'

/** More containers than anyone chains, so that a circle ends. */
const LONGEST_CHAIN = 10

/** Fails if a container shares a namespace with its host, also if it does so through other containers. */
export function judgeNamespace(inspect: ContainerFacts, mode: Mode, snapshot: Snapshot): Verdict {
  const first = reported(inspect.HostConfig?.[mode], `HostConfig.${mode}`)
  let value = first
  for (let step = 0; step < LONGEST_CHAIN; step++) {
    if (value === 'host') return fail(first === 'host' ? `${mode}: host` : `${mode}: ${first}, which uses the host's`)
    const name = sharedWith(value)
    if (name === undefined) return first === value ? pass() : pass(`${mode}: ${first}`)
    const other = findContainer(snapshot, name)
    if (!other) return unknown(`${mode}: ${first}, and that container could not be inspected`)
    value = reported(other.HostConfig?.[mode], `HostConfig.${mode} of ${name}`)
  }
  return unknown(`${mode}: ${first}, a chain of too many containers`)
}

/** The container whose namespace a mode names. */
export function sharedWith(mode: string): string | undefined {
  return mode.startsWith('container:') ? mode.slice('container:'.length) : undefined
}

/** By id, name, or the beginning of an id. Undefined if it is missing, or could not be inspected. */
function findContainer({ containers }: Snapshot, name: string): ContainerFacts | undefined {
  if ('unknown' in containers || name === '') return undefined
  const all = containers.value
  const found =
    all.find((one) => one.id === name) ??
    all.find((one) => one.name === name.replace(/^\//, '')) ??
    all.find((one) => one.id.startsWith(name))
  return found && 'value' in found.inspect ? found.inspect.value : undefined
}
