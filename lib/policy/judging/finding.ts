import type { Json, Reason } from '../request.ts'

/** What a rule can allow although its level refuses it. */
export type Exception =
  | {
      readonly kind: 'hostPath'
      readonly path: string
      readonly readOnly: boolean
      /** It is read-only if these containers may be used. */
      readonly sources?: readonly Reference[]
    }
  | { readonly kind: 'capability'; readonly name: string }
  | { readonly kind: 'device'; readonly path: string }

/** Something in a request that a level refuses. */
export interface Finding extends Reason {
  readonly kind: 'finding'
  /** The most permissive level that refuses it. */
  readonly from: 'baseline' | 'restricted'
  readonly exception?: Exception
}

/** Something of the daemon that a request names, and on which its meaning depends. */
export interface Reference {
  readonly kind: 'container' | 'exec' | 'network' | 'volume'
  /** Its name, id, or the beginning of its id. */
  readonly name: string
  /** Where the request names it. */
  readonly where: string
  /** What is there already names it, and not the request. */
  readonly isThere?: true
  /** The name is an id. */
  readonly byId?: true
  /** dockerd itself reads or writes files of the container, as root. */
  readonly byDaemon?: true
}

/** The name that a request gives a network. */
export interface NetworkName extends Pick<Reference, 'name' | 'where'> {
  readonly kind: 'networkName'
}

/** A network of a container that exists. */
export interface JoinedNetwork extends Pick<Reference, 'name' | 'where'> {
  readonly kind: 'joinedNetwork'
  /** Its id. Empty: dockerd looks the name up when it starts the container. */
  readonly id: string
}

/** A service that a request changes. */
export interface ServiceUse extends Pick<Reference, 'name' | 'where'> {
  readonly kind: 'service'
  /** Judges what the daemon says of the service. */
  readonly judge: (inspect: Json) => Iterable<Judged>
}

/** What depends on the defaults of the daemon. */
export interface DaemonUse extends Pick<Reference, 'where'> {
  readonly kind: 'daemon'
  readonly name: 'info'
  /** Judges what `/info` says of the daemon. */
  readonly judge: (info: Json) => Iterable<Judged>
}

/** An image that a request names. */
export interface ImageUse {
  readonly kind: 'image'
  readonly name: string
  readonly where: string
}

/** An image of which a container that exists has a mount. */
export interface MountedImage extends Omit<ImageUse, 'kind'> {
  readonly kind: 'mountedImage'
}

/** A label that a request sets. */
export interface LabelUse {
  readonly kind: 'label'
  /** Its key. */
  readonly name: string
  readonly where: string
}

/** The capabilities that root in a container would have. */
export interface CapabilitiesUse {
  readonly kind: 'capabilities'
  /** In upper case without `CAP_`; `ALL` for all of the kernel. */
  readonly names: readonly string[]
  readonly where: string
  /** Why it has them although the request drops them. */
  readonly because?: string
}

/** What a judge finds in a part of a request. */
export type Judged =
  | Finding
  | Reference
  | NetworkName
  | JoinedNetwork
  | ServiceUse
  | DaemonUse
  | ImageUse
  | MountedImage
  | LabelUse
  | CapabilitiesUse

/** Judging stops here: a request with this many reasons or questions to the daemon is refused anyway. */
export const MOST_FOUND = 1000

/** Looks at the value of a field, which is `where` in the request. The reader has checked its type. */
export type Judge = (value: Json, where: string) => Iterable<Judged>

/** A finding that `baseline` and all stricter levels refuse. */
export function fromBaseline(code: Finding['code'], where: string, got: string, exception?: Exception): Finding {
  return { kind: 'finding', code, where, got, from: 'baseline', ...(exception && { exception }) }
}

/** A finding that only `restricted` refuses. */
export function fromRestricted(code: Finding['code'], where: string, got: string): Finding {
  return { kind: 'finding', code, where, got, from: 'restricted' }
}
