import type { DockerClient, ServiceSpec } from '../../../../lib/index.ts'
import type { ReasonCode } from '../../../../lib/policy.ts'
import { serviceOf } from '../swarm-engine.ts'
import { until } from '../until.ts'
import type { Attack } from './attacks.ts'

/** Without replicas, no node has to look for the image. */
const create = (
  name: string,
  container: object,
  code: ReasonCode,
  { task = {}, service = {} }: { readonly task?: object; readonly service?: object } = {},
): Attack => ({
  name,
  line: 'POST /v1.45/services/create',
  body: JSON.stringify({
    Name: 'x',
    Mode: { Replicated: { Replicas: 0 } },
    TaskTemplate: { ContainerSpec: { Image: 'IMAGE', ...container }, ...task },
    ...service,
  }),
  code,
})

const mount = (name: string, value: object, code: ReasonCode = 'HOST_PATH'): Attack =>
  create(name, { Mounts: [{ Target: '/h', ...value }] }, code)

const inline = (Options: object): object => ({
  Type: 'volume',
  Source: 'xinline',
  VolumeOptions: { DriverConfig: { Name: 'local', Options } },
})

const privileges = (name: string, Privileges: object): Attack => create(name, { Privileges }, 'CONFINEMENT')

/** Changes of a service that an administrator has made, with its version. */
const change = (name: string, service: string, query = '', more: Partial<Attack> = {}): Attack => ({
  name,
  line: `POST /v1.45/services/${service}/update?version=VERSION_OF_${service}${query}`,
  body: JSON.stringify({
    Name: service,
    Mode: { Replicated: { Replicas: 0 } },
    TaskTemplate: { ContainerSpec: { Image: 'IMAGE' } },
  }),
  code: 'TARGET_TOO_POWERFUL',
  ...more,
})

/** Requests on a manager of a swarm with which a caller of `baseline` would become root on its nodes, or use a login of others. */
export const SERVICE_ATTACKS: readonly Attack[] = [
  mount('a bind', { Type: 'bind', Source: '/' }),
  mount('a bind below an allowed folder', { Type: 'bind', Source: '/srv/x' }),
  create('a bind by another spelling', { mounts: [{ type: 'bind', SOURCE: '/', Target: '/h' }] }, 'HOST_PATH'),
  create('a bind, with a long s', { 'Mount\u017f': [{ Type: 'bind', Source: '/', Target: '/h' }] }, 'HOST_PATH'),
  mount('a bind that is shared', {
    Type: 'bind',
    Source: '/srv',
    BindOptions: { Propagation: 'rshared' },
  }),
  mount('a volume of the driver local, inline', inline({ type: 'none', o: 'bind', device: '/etc' })),
  mount('a volume in memory that binds, inline', inline({ type: 'tmpfs', o: 'bind', device: '/etc' })),
  mount('a volume that shows the host', { Type: 'volume', Source: 'etc' }, 'TARGET_TOO_POWERFUL'),
  mount('a volume that shows the host, by a template', { Type: 'volume', Source: '{{"etc"}}' }),
  mount('a volume that shows the host, by a name made of letters', {
    Type: 'volume',
    Source: '{{printf "%c%c%c" 101 116 99}}',
  }),
  mount('a folder of the host, by a template', { Type: 'volume', Source: 'x{{.Service.Name}}' }),
  mount(
    'an overlay, whose comment binds an allowed folder',
    inline({ type: 'overlay', o: '{{/*,bind,*/}}lowerdir=/etc:/usr', device: '/srv' }),
  ),
  create('capabilities', { CapabilityAdd: ['CAP_SYS_ADMIN'] }, 'CAPABILITY'),
  create('capabilities in lower case', { CapabilityAdd: ['sys_admin'] }, 'CAPABILITY'),
  create('all capabilities', { CapabilityAdd: ['ALL'] }, 'CAPABILITY'),
  create('a kernel parameter', { Sysctls: { 'net.ipv4.ip_forward': '1' } }, 'KERNEL_PARAMETER'),
  privileges('no seccomp', { Seccomp: { Mode: 'unconfined' } }),
  privileges('a seccomp profile that allows all', {
    Seccomp: { Mode: 'custom', Profile: Buffer.from('{"defaultAction":"SCMP_ACT_ALLOW"}').toString('base64') },
  }),
  privileges('no AppArmor', { AppArmor: { Mode: 'disabled' } }),
  privileges('no SELinux', { SELinuxContext: { Disable: true } }),
  privileges('an SELinux type', { SELinuxContext: { Type: 'spc_t' } }),
  create('the network of the host', {}, 'HOST_NAMESPACE', { task: { Networks: [{ Target: 'host' }] } }),
  create('the network of the host, for the whole service', {}, 'HOST_NAMESPACE', {
    service: { Networks: [{ Target: 'host' }] },
  }),
  create('the network of the host, by its id', {}, 'TARGET_TOO_POWERFUL', {
    task: { Networks: [{ Target: 'HOST_NETWORK' }] },
  }),
  create('the network of the host, by the beginning of its id', {}, 'TARGET_TOO_POWERFUL', {
    task: { Networks: [{ Target: 'HOST_NETWORK_SHORT' }] },
  }),
  create('options of a network driver', {}, 'HOST_NETWORK', {
    task: { Networks: [{ Target: 'xnet', DriverOpts: { a: 'b' } }] },
  }),
  create('a log driver that connects elsewhere', {}, 'LOG_DRIVER', {
    task: { LogDriver: { Name: 'syslog', Options: { 'syslog-address': 'udp://127.0.0.1:1' } } },
  }),
  // Only an experimental dockerd has them.
  {
    ...create('a plugin', {}, 'SWARM_PLUGIN', {
      task: {
        ContainerSpec: undefined,
        Runtime: 'plugin',
        PluginSpec: { Name: 'x', Remote: '127.0.0.1:1/x', Disabled: true },
      },
      service: { Mode: { Global: {} } },
    }),
    isNone: true,
  },
  { ...create('without a version', { CapabilityAdd: ['ALL'] }, 'CAPABILITY'), line: 'POST /services/create' },
  { ...create('an encoded path', { CapabilityAdd: ['ALL'] }, 'CAPABILITY'), line: 'POST /%73ervices/create' },
  // Services of others
  change('change a service that shows the host', 'strong'),
  change('change a service that shows the host, by its id', 'ID_OF_strong'),
  change('let a service go back to what it was', 'strong', '&rollback=previous'),
  change('let a service go back to what showed the host', 'tamed', '&rollback=previous'),
  change('let a service go back by another spelling of no', 'tamed', '&rollback=none', {
    body: JSON.stringify({
      Name: 'tamed',
      Mode: { Replicated: { Replicas: 0 } },
      TaskTemplate: { ContainerSpec: { Image: '127.0.0.1:1/evil' } },
    }),
  }),
]

/** What an administrator has made on a swarm. */
export class Services {
  readonly #admin: DockerClient
  readonly #image: string
  #hostNetwork = ''

  constructor(admin: DockerClient, image: string) {
    this.#admin = admin
    this.#image = image
  }

  async prepare(): Promise<void> {
    const { networks, volumes } = this.#admin
    await volumes.create({ Name: 'etc', DriverOpts: { type: 'none', o: 'bind', device: '/etc' } })
    await networks.create({ Name: 'xnet', Driver: 'overlay' })
    this.#hostNetwork = (await networks.inspect('host')).Id
    await this.reset()
  }

  /** Makes them, as they are before an attack. */
  async reset(): Promise<void> {
    const { services } = this.#admin
    for (const { ID } of await services.list()) await services.remove(ID)
    await services.create(this.spec('strong', true))
    await services.create(this.spec('tamed', true))
    await this.change('tamed', this.spec('tamed', false))
    await this.change('strong', { ...this.spec('strong', true), Labels: { second: '' } })
  }

  /** A service without tasks. */
  spec(name: string, showsHost: boolean, more: object = {}): ServiceSpec {
    const Mounts = showsHost ? [{ Type: 'bind' as const, Source: '/etc', Target: '/h' }] : []
    return {
      ...serviceOf(name, 'true', { Image: this.#image, Mounts, ...more }),
      Mode: { Replicated: { Replicas: 0 } },
    }
  }

  async change(name: string, spec: ServiceSpec): Promise<void> {
    await this.again(async (version) => this.#admin.services.update(name, spec, { version }), name)
  }

  /** Does something with the version of a service, once more if the swarm has changed it meanwhile, as after an update. */
  async again(update: (version: number) => Promise<unknown>, name: string): Promise<void> {
    await until(`an update of ${name}`, () =>
      this.version(name)
        .then(update)
        .then(
          () => true,
          (error: unknown) => {
            if (!String(error).includes('update out of sequence')) throw error
            return false
          },
        ),
    )
  }

  async version(name: string): Promise<number> {
    return (await this.#admin.services.inspect(name)).Version.Index
  }

  /** With what only the daemon knows. */
  async fill(attack: Attack): Promise<Attack> {
    const [strong, tamed] = await Promise.all(['strong', 'tamed'].map((name) => this.#admin.services.inspect(name)))
    const fill = (text: string): string =>
      text
        .replaceAll('VERSION_OF_ID_OF_strong', String(strong?.Version.Index))
        .replaceAll('VERSION_OF_strong', String(strong?.Version.Index))
        .replaceAll('VERSION_OF_tamed', String(tamed?.Version.Index))
        .replaceAll(/"Name":"ID_OF_strong"/g, '"Name":"strong"')
        .replaceAll('ID_OF_strong', strong?.ID ?? '')
        .replaceAll('HOST_NETWORK_SHORT', this.#hostNetwork.slice(0, 12))
        .replaceAll('HOST_NETWORK', this.#hostNetwork)
        .replaceAll('IMAGE', this.#image)
    return { ...attack, line: fill(attack.line), ...(attack.body !== undefined && { body: fill(attack.body) }) }
  }

  /** Names and versions of all services. */
  async all(): Promise<string[]> {
    const services = await this.#admin.services.list()
    return services.map(({ Spec, Version }) => `${Spec.Name} ${Version.Index}`).toSorted()
  }
}
