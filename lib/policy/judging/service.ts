import { compareVersions } from '../../base/api-version.ts'
import type { Json, ReadRequest } from '../request.ts'
import { judgeCapAdd, judgeUser } from './confinement.ts'
import { capabilityName, effectiveCapabilities } from '../../container/capabilities.ts'
import { eachOf, fieldsOf, HARMLESS, judgeFields, oneOf, whateverIn, type Judges } from './fields.ts'
import { fromBaseline, fromRestricted, type Judge, type Judged } from './finding.ts'
import { judgeLogDriver, judgeOomScoreAdj, judgeUlimits } from './host-config.ts'
import { judgeMounts } from './mounts.ts'
import { judgeNetworkName } from './namespaces.ts'
import { judgeSysctls } from './sysctls.ts'
import { isEmpty, listOf, objectOf, stringsOf, textOf } from './values.ts'
import { inVersion } from './version.ts'

/** A network of a service: also that of the host, which the docker command attaches by this name. */
const judgeAttachment: Judge = function* (value, where) {
  const { Target, DriverOpts } = objectOf(value)
  const name = textOf(Target)
  if (name === 'host') yield fromBaseline('HOST_NAMESPACE', `${where}.Target`, 'it is host')
  else yield { kind: 'network', name, where: `${where}.Target` }
  if (!isEmpty(DriverOpts)) {
    yield fromBaseline('HOST_NETWORK', `${where}.DriverOpts`, 'it sets options of the network driver')
  }
}

const judgeSeccomp: Judge = function* (value, where) {
  const { Mode, Profile } = objectOf(value)
  if (!['', 'default'].includes(textOf(Mode)) || !isEmpty(Profile)) {
    yield fromBaseline('CONFINEMENT', where, 'it chooses a seccomp profile')
  }
}

const PRIVILEGES: Judges = {
  AppArmor: function* (value, where) {
    if (!['', 'default'].includes(textOf(objectOf(value)['Mode']))) {
      yield fromBaseline('CONFINEMENT', where, 'it turns AppArmor off')
    }
  },
  CredentialSpec: function* (value, where) {
    if (!isEmpty(value)) yield fromBaseline('CONFINEMENT', where, 'it uses credentials of the host')
  },
  NoNewPrivileges: HARMLESS,
  SELinuxContext: function* (value, where) {
    if (!isEmpty(value)) yield fromBaseline('CONFINEMENT', where, 'it chooses an SELinux context')
  },
  Seccomp: judgeSeccomp,
}

/** A mount whose texts nodes change before they use them (moby/swarmkit, template/expand.go): nobody sees what they will be. */
function* judgeServiceMounts(value: Json, where: string): Iterable<Judged> {
  for (const [index, mount] of listOf(value).entries()) {
    const { Source, VolumeOptions } = objectOf(mount)
    const options = objectOf(objectOf(objectOf(VolumeOptions)['DriverConfig'])['Options'])
    if ([Source, ...Object.values(options)].some((text) => textOf(text).includes('{{')))
      yield fromBaseline('HOST_PATH', `${where}.${index}`, 'it has a template, which may become any volume')
  }
  yield* judgeMounts(value, where)
}

const CONTAINER: Judges = {
  ...whateverIn(
    [
      'Args',
      'CapabilityDrop',
      'Command',
      'Configs',
      'DNSConfig',
      'Dir',
      'Env',
      'Groups',
      'HealthCheck',
      'Healthcheck',
      'Hostname',
      'Hosts',
      'Init',
      'Labels',
      'OpenStdin',
      'ReadOnly',
      'Secrets',
      'StopGracePeriod',
      'StopSignal',
      'TTY',
      'User',
    ],
    HARMLESS,
  ),
  CapabilityAdd: judgeCapAdd,
  Image: function* (value, where) {
    yield { kind: 'image', name: textOf(value), where }
  },
  Isolation: oneOf('CONFINEMENT', ['', 'default', 'hyperv'], 'the isolation is'),
  Mounts: judgeServiceMounts,
  OomScoreAdj: judgeOomScoreAdj,
  Privileges: fieldsOf(PRIVILEGES),
  Sysctls: judgeSysctls,
  Ulimits: judgeUlimits,
}

/** What `restricted` requires, as for a container. */
function* judgeHardening(container: Json | undefined, where: string): Iterable<Judged> {
  const { CapabilityDrop, Privileges, User } = objectOf(container)
  if (!stringsOf(CapabilityDrop).some((name) => capabilityName(name) === 'ALL')) {
    yield fromRestricted('NOT_HARDENED', `${where}.CapabilityDrop`, 'it does not drop ALL capabilities')
  }
  if (objectOf(Privileges)['NoNewPrivileges'] !== true) {
    yield fromRestricted('NOT_HARDENED', `${where}.Privileges.NoNewPrivileges`, 'it is not true')
  }
  yield* judgeUser(User ?? '', `${where}.User`)
}

const plugin: Judge = function* (_, where) {
  yield fromBaseline('SWARM_PLUGIN', where, 'it is no container: a plugin would run as root')
}

const TASK: Judges = {
  ...whateverIn(['ForceUpdate', 'Placement', 'Resources', 'RestartPolicy'], HARMLESS),
  ContainerSpec: function* (value, where) {
    yield* judgeFields(CONTAINER, value, where)
    yield* judgeHardening(value, where)
    const { CapabilityAdd, CapabilityDrop } = objectOf(value)
    const settings = { privileged: false, added: stringsOf(CapabilityAdd), dropped: stringsOf(CapabilityDrop) }
    yield { kind: 'capabilities', names: effectiveCapabilities(settings), where: `${where}.CapabilityDrop` }
  },
  LogDriver: judgeLogDriver,
  NetworkAttachmentSpec: plugin,
  Networks: eachOf(judgeAttachment),
  PluginSpec: plugin,
  Runtime: function* (value, where) {
    if (!['', 'container'].includes(textOf(value))) yield* plugin(value, where)
  },
}

const SERVICE: Judges = {
  ...whateverIn(['Labels', 'Mode', 'Name', 'RollbackConfig', 'UpdateConfig'], HARMLESS),
  EndpointSpec: function* (value, where) {
    for (const [index, port] of (Array.isArray(objectOf(value)['Ports'])
      ? (objectOf(value)['Ports'] as Json[])
      : []
    ).entries()) {
      const { PublishedPort } = objectOf(port)
      if (typeof PublishedPort === 'number' && PublishedPort > 0 && PublishedPort < 1024) {
        yield fromRestricted(
          'HOST_NETWORK',
          `${where}.Ports.${index}.PublishedPort`,
          `it takes the port ${PublishedPort} of the hosts`,
        )
      }
    }
  },
  Networks: eachOf(judgeAttachment),
  TaskTemplate: fieldsOf(TASK),
}

/** The body of services.create and services.update. */
export function* judgeService(body: Json): Iterable<Judged> {
  yield* judgeFields(SERVICE, body, '')
  // Its tasks reach the network of their nodes, as by the default bridge.
  const { Networks, TaskTemplate } = objectOf(body)
  const named = [Networks, objectOf(TaskTemplate)['Networks']].filter((one) => Array.isArray(one) && one.length > 0)
  if (named.length === 0) yield* judgeNetworkName('', 'TaskTemplate.Networks')
}

/**
 * The service in the body of a request. For old API versions, dockerd ignores settings that confine it (moby, server/router/swarm:
 * adjustForAPIVersion). A request without a version has that of the daemon, which may be old.
 */
export function* judgeServiceOf({ version = '1.0', body }: ReadRequest): Iterable<Judged> {
  yield* inVersion(version, judgeService(body ?? null))
  if (compareVersions(version, '1.44') < 0) {
    yield fromRestricted('NOT_HARDENED', 'the version', ignoredBefore('1.44', 'NoNewPrivileges'))
  }
  if (compareVersions(version, '1.41') < 0) {
    const names = effectiveCapabilities({ privileged: false, added: [], dropped: [] })
    yield { kind: 'capabilities', names, where: 'the version', because: ignoredBefore('1.41', 'CapabilityDrop') }
  }
}

const ignoredBefore = (version: string, field: string): string =>
  `dockerd ignores ${field} before API ${version}: send the request to /v${version}/services or a newer version`
