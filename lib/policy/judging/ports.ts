import { fromRestricted, type Judge } from './finding.ts'
import { listOf, objectOf, textOf } from './values.ts'

/** `HostConfig.PortBindings`: below 1024 are the ports of the host's own services. */
export const judgePorts: Judge = function* (value, where) {
  for (const [port, bindings] of Object.entries(objectOf(value))) {
    for (const binding of listOf(bindings)) {
      const chosen = textOf(objectOf(binding)['HostPort'])
      const [first = ''] = chosen.split('-')
      if (chosen === '' || chosen === '0' || Number(first) >= 1024) continue
      yield fromRestricted('HOST_NETWORK', `${where}.${port}`, `it takes the port ${chosen} of the host`)
    }
  }
}
