import { EndpointError, type EndpointErrorCode } from '../base/errors.ts'
import type { Sentence } from '../base/sentence.ts'

/** A host as it was given, and what its parser has to know besides. */
export interface HostText {
  /** Without the white space around it. */
  readonly text: string
  /** The culprit for error messages, with its source and without its secrets: `DOCKER_HOST=tcp://h:2375`. */
  readonly tried: Sentence
  readonly tlsOnPort2375: boolean
  /** It was written without a scheme. */
  readonly bare?: boolean
}

/** All forms, for a host that resembles none of them. */
export const FORMS = 'Use tcp://HOST:2376, unix:///PATH, ssh://USER@HOST or npipe:////./pipe/NAME.'

/** Refuses a host: `got` is the reason, `todo` the likely correction. */
export function refuse(
  host: HostText,
  got: string,
  todo: Sentence,
  code: EndpointErrorCode = 'ERR_HOST_INVALID',
): never {
  throw new EndpointError(code, { tried: host.tried, got, todo })
}
