import type { RawAnswer } from './raw-request.ts'

/** The code with which a gateway, or dockerd's plugin, refuses a request; `none` if it doesn't. */
export function codeOf({ head, text }: RawAnswer): string {
  const [, ofGateway] = /^x-docker-mtls-reason: (\w+)/im.exec(head) ?? []
  // The code of a target stands behind the one that says why it is too powerful.
  const [, ofPlugin] = /authorization denied by plugin docker-mtls: .*?\(([A-Z_]+)\)(?! \()/s.exec(text) ?? []
  return ofGateway ?? ofPlugin ?? 'none'
}

interface Difference {
  readonly why: string
  readonly gateway: string
  readonly plugin: string
  /** The tricks. */
  readonly names: readonly string[]
}

/** Where the gateway and the plugin refuse the same tricks with different codes, on purpose. No trick passes only one of them. */
export const DIFFERENCES: readonly Difference[] = [
  {
    why: 'No client of Docker sends a form, so the gateway takes no request with one',
    gateway: 'MALFORMED_REQUEST',
    plugin: 'MEDIA_TYPE',
    names: [
      'a form',
      'a signal in a form',
      'a condition in a form',
      'a name in a form',
      'a name in a form before that of the query',
      'a build in a form',
      'a form of DELETE',
    ],
  },
  {
    why: 'The gateway takes no request with a header field twice',
    gateway: 'MALFORMED_REQUEST',
    plugin: 'MEDIA_TYPE',
    names: ['two media types'],
  },
  {
    why: 'So here; dockerd shows the plugin the last one alone, and not the body',
    gateway: 'MALFORMED_REQUEST',
    plugin: 'BODY_INVALID',
    names: ['two media types, JSON last'],
  },
  {
    why: 'The gateway allows upgrades only where dockerd makes them',
    gateway: 'MALFORMED_REQUEST',
    plugin: 'HEADER_UNEXPECTED',
    names: ['an upgrade'],
  },
  {
    why: 'The gateway takes only paths as targets',
    gateway: 'MALFORMED_REQUEST',
    plugin: 'PATH_AMBIGUOUS',
    names: ['an absolute URL', 'a URL of another scheme'],
  },
  {
    why: 'The gateway takes only methods of the Engine API',
    gateway: 'MALFORMED_REQUEST',
    plugin: 'OPERATION_UNKNOWN',
    names: ['OPTIONS'],
  },
  {
    why: 'dockerd does not tell the plugin whether there is no body, or one that it does not show',
    gateway: 'BODY_MISSING',
    plugin: 'BODY_INVALID',
    names: ['nothing'],
  },
  {
    why: 'dockerd refuses it before it asks the plugin',
    gateway: 'MALFORMED_REQUEST',
    plugin: 'none',
    names: ['another expectation', 'two slashes', 'a method in lower case'],
  },
  {
    why: 'dockerd has no such route, and asks the plugin only where it has one',
    gateway: 'PATH_AMBIGUOUS',
    plugin: 'none',
    names: ['the way through another folder', 'a slash behind it', 'encoded twice'],
  },
  {
    why: 'dockerd has no such route, and asks the plugin only where it has one',
    gateway: 'OPERATION_UNKNOWN',
    plugin: 'none',
    names: ['PUT', 'HEAD of GET'],
  },
]
