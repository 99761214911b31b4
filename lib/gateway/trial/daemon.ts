import { randomBytes } from 'node:crypto'
import type { Need } from '../../policy/facts.ts'
import { objectOf, textOf } from '../../policy/judging/values.ts'
import type { Json, JsonObject, ReadRequest } from '../../policy/request.ts'
import { containerOf, filtersOf, isListed, summaryOf, type TrialContainer } from './containers.ts'

/** What the daemon of a trial answers. */
export interface TrialAnswer {
  readonly status: number
  /** JSON, or a text. */
  readonly value: unknown
}

const ok = (value: unknown, status = 200): TrialAnswer => ({ status, value })
const NOTHING: TrialAnswer = ok('', 204)
const notFound = (what: string): TrialAnswer => ok({ message: `docker-mtls policy test: no such ${what}` }, 404)

const DIGEST = `sha256:${'0'.repeat(64)}`

/** What clients go on with, whatever they ask for. */
const ANSWERS: Readonly<Record<string, TrialAnswer>> = {
  'system.ping': ok('OK'),
  'system.pingHead': ok(''),
  'system.info': ok({
    OSType: 'linux',
    Architecture: 'x86_64',
    IndexServerAddress: 'https://index.docker.io/v1/',
    Swarm: { LocalNodeState: 'active', ControlAvailable: true },
  }),
  'system.df': ok({}),
  'system.events': ok(''),
  'checkpoints.create': ok('', 201),
  'checkpoints.list': ok([]),
  'checkpoints.remove': NOTHING,
  'configs.remove': NOTHING,
  'configs.update': ok(''),
  'containers.archive.put': ok(''),
  'containers.archive.stat': ok(''),
  'containers.attach': ok('', 101),
  'containers.changes': ok([]),
  'containers.kill': NOTHING,
  'containers.logs': ok(''),
  'containers.pause': NOTHING,
  'containers.prune': ok({}),
  'containers.rename': NOTHING,
  'containers.resize': ok(''),
  'containers.top': ok({ Titles: [], Processes: [] }),
  'containers.unpause': NOTHING,
  'containers.update': ok({}),
  'containers.wait': ok({ StatusCode: 0 }),
  'distribution.inspect': ok({
    Descriptor: { mediaType: 'application/vnd.oci.image.index.v1+json', digest: DIGEST, size: 1 },
    Platforms: [{ architecture: 'amd64', os: 'linux' }],
  }),
  'exec.inspect': ok({ Running: false, ExitCode: 0 }),
  'exec.resize': ok(''),
  'exec.start': ok('', 101),
  'images.attestations': ok([]),
  'images.build': ok(''),
  'images.buildPrune': ok({}),
  'images.cancelBuild': ok(''),
  'images.commit': ok({ Id: DIGEST }, 201),
  'images.history': ok([]),
  'images.import': ok(''),
  'images.inspect': ok({ Id: DIGEST, Os: 'linux', Architecture: 'amd64', Config: {}, RootFS: {} }),
  'images.list': ok([]),
  'images.load': ok(''),
  'images.prune': ok({}),
  'images.pull': ok(''),
  'images.push': ok(''),
  'images.remove': ok([]),
  'images.search': ok([]),
  'images.tag': ok('', 201),
  'networks.connect': ok(''),
  'networks.disconnect': ok(''),
  'networks.prune': ok({}),
  'networks.remove': NOTHING,
  'nodes.list': ok([]),
  'nodes.remove': ok(''),
  'nodes.update': ok(''),
  'plugins.disable': ok(''),
  'plugins.enable': ok(''),
  'plugins.list': ok([]),
  'plugins.privileges': ok([]),
  'plugins.pull': ok(''),
  'plugins.remove': ok(''),
  'plugins.set': NOTHING,
  'secrets.remove': NOTHING,
  'secrets.update': ok(''),
  'services.logs': ok(''),
  'services.remove': ok(''),
  'services.update': ok({}),
  'tasks.list': ok([]),
  'tasks.logs': ok(''),
  'volumes.prune': ok({}),
  'volumes.remove': NOTHING,
}

/** How creations of things answer that have an id, and nothing else to remember. */
const CREATED: Readonly<Record<string, string>> = {
  'exec.create': 'Id',
  'networks.create': 'Id',
  'volumes.create': 'Name',
  'services.create': 'ID',
  'secrets.create': 'ID',
  'configs.create': 'ID',
}

const KINDS: Readonly<Record<string, string>> = {
  containers: 'container',
  networks: 'network',
  volumes: 'volume',
  services: 'service',
  secrets: 'secret',
  configs: 'config',
  nodes: 'node',
  tasks: 'task',
  plugins: 'plugin',
}

/**
 * A daemon on which nothing runs. What a client inspects is there; lists have only what the client has created.
 *
 * Compose and stacks ask first which of their things are there. For them, nothing is.
 */
export class TrialDaemon {
  readonly #containers = new Map<string, TrialContainer>()
  /** By kind, then by id and by name. */
  readonly #things = new Map<string, object>()
  /** How often a client has inspected a service since its last change. */
  readonly #looks = new Map<string, number>()
  #isForProject = false
  readonly #isReal: boolean
  readonly #version: TrialAnswer

  /**
   * @param isReal - a real daemon says what is there besides
   * @param version - its newest version of the API
   */
  constructor(isReal: boolean, version: string) {
    this.#isReal = isReal
    this.#version = ok({ Version: '0', ApiVersion: version, MinAPIVersion: '1.24', Os: 'linux', Arch: 'amd64' })
  }

  /** Undefined: it has no answer. */
  answer(read: ReadRequest): TrialAnswer | undefined {
    const { operation, parameters } = read
    const [resource = '', verb = ''] = operation.name.split('.')
    const kind = KINDS[resource] ?? resource
    const name = parameters['id'] ?? parameters['name'] ?? ''
    const key = CREATED[operation.name]
    if (operation.name === 'containers.create') return this.#createContainer(read)
    if (key !== undefined) return this.#create(kind, key, read)
    // rm --link removes a name only.
    if (kind === 'container' && !('alias' in parameters)) this.#change(name, verb)
    if (operation.name === 'system.version') return this.#version
    if (operation.name === 'services.update') this.#looks.delete(name)
    if (verb === 'list' && resource !== 'images') return this.#list(kind, read)
    if (verb === 'inspect' && kind !== resource) return this.#inspect(kind, name)
    return ANSWERS[operation.name] ?? (kind === 'container' && CHANGES[verb] !== undefined ? NOTHING : undefined)
  }

  /** What the client itself has created. */
  own({ kind, name }: Need): object | undefined {
    return kind === 'container' ? this.#containers.get(name)?.inspect : this.#things.get(`${kind} ${name}`)
  }

  /** Whether only a real daemon knows the answer. */
  isForReal({ operation: { name }, parameters }: ReadRequest): boolean {
    const [resource = ''] = name.split('.')
    if (!/\.(?:list|inspect)$/.test(name) || !(resource in KINDS || resource === 'images')) return false
    const thing = parameters['id'] ?? parameters['name'] ?? ''
    return this.own({ kind: KINDS[resource] ?? resource, name: thing } as Need) === undefined
  }

  /** A list of what a project or a stack has, which only a real daemon knows. */
  static asksForProject({ operation, query }: ReadRequest): boolean {
    const { label } = filtersOf(query)
    return operation.name.endsWith('.list') && (label ?? []).some((one) => PROJECT.test(one))
  }

  #createContainer({ body, query }: ReadRequest): TrialAnswer {
    const id = randomBytes(32).toString('hex')
    const container = containerOf(id, query.get('name')?.[0] ?? `trial-${id.slice(0, 12)}`, body ?? {})
    this.#containers.set(id, container)
    this.#containers.set(container.name, container)
    return ok({ Id: id, Warnings: [] }, 201)
  }

  #create(kind: string, key: string, { body = {} }: ReadRequest): TrialAnswer {
    const id = randomBytes(32).toString('hex')
    const name = textOf(objectOf(body)['Name']) || id
    const thing = { ...stub(kind, name, body), [key]: key === 'Name' ? name : id }
    for (const one of [id, name]) this.#things.set(`${kind} ${one}`, thing)
    return ok(key === 'Name' ? thing : { [key]: id }, 201)
  }

  #change(name: string, verb: string): void {
    const container = this.#containers.get(name)
    const status = CHANGES[verb]
    if (container === undefined || status === undefined) return
    Object.assign(container, { status, looks: 0 })
    if (verb !== 'remove') return
    this.#containers.delete(container.id)
    this.#containers.delete(container.name)
  }

  #list(kind: string, read: ReadRequest): TrialAnswer {
    this.#isForProject ||= TrialDaemon.asksForProject(read)
    const filters = filtersOf(read.query)
    if (kind === 'container') {
      const all = [...new Set(this.#containers.values())]
      return ok(all.filter((one) => isListed(one, filters)).map((one) => summaryOf(one)))
    }
    const isStub = !this.#isReal && (kind === 'secret' || kind === 'config' || kind === 'service')
    const named = [...(filters['name'] ?? []), ...(filters['id'] ?? [])]
    // Clients look up what they don't inspect, such as the secrets of a service.
    if (isStub) return ok(named.map((name) => this.#things.get(`${kind} ${name}`) ?? stub(kind, name, {})))
    const found = new Set(named.flatMap((name) => this.#things.get(`${kind} ${name}`) ?? []))
    return ok(kind === 'volume' ? { Volumes: [...found] } : [...found])
  }

  #inspect(kind: string, name: string): TrialAnswer {
    const container = this.#containers.get(name)
    if (kind === 'container' && container !== undefined) return ok(this.#running(container))
    const thing = this.#things.get(`${kind} ${name}`)
    if (thing === undefined && this.#isForProject && (kind === 'network' || kind === 'volume')) return notFound(kind)
    const found = thing ?? stub(kind, name, {})
    return ok(kind === 'service' ? this.#converging(name, found) : found)
  }

  /** Compose waits for the end of those that others depend on, and looks again and again. */
  #running(container: TrialContainer): object {
    container.looks++
    const { inspect, looks } = container
    if (container.status === 'running' && looks > 3 && !objectOf(inspect['Config'])['Healthcheck'])
      container.status = 'exited'
    const { status } = container
    return {
      ...inspect,
      State: { Status: status, Running: status === 'running', ExitCode: 0, Health: { Status: 'healthy' } },
    }
  }

  /** Ends what the client has started: JSON lines, as system.events has them. */
  end(): string {
    const started = [...new Set(this.#containers.values())].filter(({ status }) => status !== 'created')
    return started
      .map((container) => {
        container.status = 'exited'
        const Attributes = { ...container.labels, name: container.name, exitCode: '0' }
        const event = { Type: 'container', Action: 'die', status: 'die', id: container.id }
        return `${JSON.stringify({ ...event, Actor: { ID: container.id, Attributes } })}\n`
      })
      .join('')
  }

  /** Clients wait until a service has what was asked for: they look at its tasks, then at the service again. */
  #converging(name: string, service: object): object {
    const looks = (this.#looks.get(name) ?? 0) + 1
    this.#looks.set(name, looks)
    return looks < 2 ? service : { ...service, UpdateStatus: { State: 'completed' } }
  }
}

/** Of one project, and not of all. */
const PROJECT = /^com\.docker\.(?:compose\.project|stack\.namespace)=/

/** What changes make of a container. */
const CHANGES: Readonly<Record<string, string>> = {
  start: 'running',
  restart: 'running',
  stop: 'exited',
  kill: 'exited',
  remove: 'removed',
}

/** What an inspection says of something. */
function stub(kind: string, name: string, body: Json): object {
  const { Labels = {}, ...rest } = objectOf(body)
  const Version = { Index: 1 }
  switch (kind) {
    case 'container':
      return containerOf(name, name, {}).inspect
    case 'network':
      return { Driver: 'bridge', Scope: 'local', ...rest, Id: name, Name: name, Labels, Containers: {} }
    case 'volume':
      return { Driver: 'local', ...rest, Name: name, Labels, Scope: 'local', Mountpoint: '/', Options: {} }
    case 'service':
      return { ID: name, Version, Spec: { ...rest, ...serviceSpec(name, rest), Labels } }
    case 'node':
      return { ID: name, Version, Spec: { Role: 'worker', Availability: 'active', Labels }, Status: { State: 'ready' } }
    case 'plugin':
      return { Id: name, Name: name, Enabled: false, Settings: {}, Config: {} }
    default:
      return { ID: name, Id: name, Version, Spec: { Name: name, Labels } }
  }
}

const ONE = { Replicas: 1 }

/** With the defaults of dockerd. */
const serviceSpec = (name: string, { Mode, TaskTemplate }: JsonObject): object => {
  const { Replicated = {}, ...others } = objectOf(Mode)
  return {
    Name: name,
    Mode: Object.keys(others).length > 0 ? others : { Replicated: { ...ONE, ...objectOf(Replicated) } },
    TaskTemplate: TaskTemplate ?? { ContainerSpec: { Image: 'trial' } },
  }
}
