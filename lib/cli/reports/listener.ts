import type { ListenerStatus } from '../../apply/listener-status.ts'

/** A listener for --json. */
export function listenerData({ listener, isSecure, seen }: ListenerStatus): object {
  return {
    listener,
    isSecure,
    ...(seen && {
      plaintext: seen.plaintext,
      protocols: seen.protocols,
      clientCertificate: seen.clientCertificate,
      acceptedAuthorities: authoritiesOf(seen.acceptedAuthorities),
    }),
  }
}

function authoritiesOf(names: NonNullable<ListenerStatus['seen']>['acceptedAuthorities']): readonly string[] | string {
  return typeof names === 'string' ? names : names.map(({ name }) => name)
}

/** A listener in a line. */
export function listenerText({ listener, seen, isIdle }: ListenerStatus): string {
  if (isIdle) return `${listener}: a connection starts dockerd`
  if (seen === undefined) return `${listener}: no answer`
  const { protocols, clientCertificate, acceptedAuthorities, plaintext } = seen
  if (protocols.length === 0)
    return `${listener}: no TLS, plain HTTP ${plaintext === 'docker' ? 'is answered' : plaintext}`
  const names = authoritiesOf(acceptedAuthorities)
  const issuers = typeof names === 'string' ? names : names.length === 0 ? 'any CA of the system' : names.join('; ')
  return `${listener}: ${protocols.join(', ')}; client certificate ${clientCertificate}, issued by ${issuers}`
}
