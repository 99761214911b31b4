import { capabilityName } from '../../container/capabilities.ts'
import { isEmpty, listOf, objectOf, stringsOf, textOf } from '../judging/values.ts'
import type { Json, JsonObject } from '../request.ts'
import { mountDetails } from './mounts.ts'
import { imageText, optionName, remoteText, securityOption } from './safe.ts'
import type { RequestDetails } from './types.ts'

/** The body of services.create and services.update. */
export function serviceDetails(body: Json): RequestDetails {
  const { Name, TaskTemplate, Networks, EndpointSpec } = objectOf(body)
  const task = objectOf(TaskTemplate)
  const container = objectOf(task['ContainerSpec'])
  return {
    name: textOf(Name),
    image: imageText(textOf(container['Image'])),
    user: textOf(container['User']),
    ...mountDetails(undefined, container['Mounts']),
    capAdd: stringsOf(container['CapabilityAdd']).map(capabilityName),
    securityOptions: privileges(objectOf(container['Privileges'])),
    sysctls: Object.keys(objectOf(container['Sysctls'])).map(optionName),
    networks: [...listOf(Networks), ...listOf(task['Networks'])].map((one) => textOf(objectOf(one)['Target'])),
    ports: listOf(objectOf(EndpointSpec)['Ports']).map(port),
    secrets: listOf(container['Secrets']).map((one) => textOf(objectOf(one)['SecretName'])),
    configs: listOf(container['Configs']).map((one) => textOf(objectOf(one)['ConfigName'])),
    logDriver: textOf(objectOf(task['LogDriver'])['Name']),
    runtime: textOf(task['Runtime']),
    remote: remoteText(textOf(objectOf(task['PluginSpec'])['Remote'])),
  }
}

function privileges({ AppArmor, CredentialSpec, NoNewPrivileges, Seccomp }: JsonObject): string[] {
  const modes = Object.entries({ apparmor: AppArmor, seccomp: Seccomp }).flatMap(([name, value]) => {
    const mode = textOf(objectOf(value)['Mode'])
    return mode === '' || mode === 'default' ? [] : [securityOption(name, mode)]
  })
  return [
    ...modes,
    ...(isEmpty(CredentialSpec) ? [] : [securityOption('credentialspec', '')]),
    ...(NoNewPrivileges === true ? [securityOption('no-new-privileges', 'true')] : []),
  ]
}

const number = (value: Json | undefined): string => (typeof value === 'number' ? String(value) : '')

function port(value: Json): string {
  const { PublishedPort, TargetPort, Protocol } = objectOf(value)
  return `${number(PublishedPort)}->${number(TargetPort)}/${textOf(Protocol) || 'tcp'}`
}
