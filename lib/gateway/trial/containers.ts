import { objectOf, textOf } from '../../policy/judging/values.ts'
import type { Json, JsonObject, ReadRequest } from '../../policy/request.ts'

/** A container on the daemon of a trial. */
export interface TrialContainer {
  readonly id: string
  readonly name: string
  /** `created`, `running` or `exited`. */
  status: string
  /** How often a client has inspected it since its status changed. */
  looks: number
  readonly labels: JsonObject
  readonly inspect: { readonly [key: string]: Json }
}

const IMAGE = `sha256:${'0'.repeat(64)}`
const WHEN = '2000-01-01T00:00:00Z'

/** @param body - that of containers.create */
export function containerOf(id: string, name: string, body: Json): TrialContainer {
  const { HostConfig = {}, NetworkingConfig, ...Config } = objectOf(body)
  const labels = objectOf(Config['Labels'])
  return {
    id,
    name,
    status: 'created',
    looks: 0,
    labels,
    inspect: {
      Id: id,
      Name: `/${name}`,
      Created: WHEN,
      Image: IMAGE,
      State: { Running: true, Status: 'running' },
      Config,
      HostConfig,
      Mounts: [],
      NetworkSettings: { Networks: objectOf(NetworkingConfig)['EndpointsConfig'] ?? {} },
    },
  }
}

/** As in a list. */
export function summaryOf({ id, name, status, labels, inspect }: TrialContainer): object {
  const { HostConfig, NetworkSettings, Mounts, Image: ImageID, Config } = inspect
  const Image = textOf(objectOf(Config)['Image'])
  const said = { State: status, Status: status, HostConfig: { NetworkMode: objectOf(HostConfig)['NetworkMode'] ?? '' } }
  return { Id: id, Names: [`/${name}`], Image, ImageID, Labels: labels, Created: 0, ...said, NetworkSettings, Mounts }
}

/** The values of each filter. Clients have sent them in two forms. */
export type Filters = Readonly<Record<string, readonly string[]>>

export function filtersOf(query: ReadRequest['query']): Filters {
  try {
    const given = JSON.parse(query.get('filters')?.[0] ?? '{}') as Record<string, readonly string[] | object>
    const pairs = Object.entries(given).map(([name, values]) => [
      name,
      Array.isArray(values) ? (values as string[]) : Object.keys(values),
    ])
    return Object.fromEntries(pairs) as Filters
  } catch {
    return {}
  }
}

/** By its labels; other filters find all. */
export function isListed({ labels }: TrialContainer, { label = [] }: Filters): boolean {
  return label.every((one) => {
    const [name = '', ...value] = one.split('=')
    return name in labels && (value.length === 0 || textOf(labels[name]) === value.join('='))
  })
}
