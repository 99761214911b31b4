import { ArgumentError, RegistryError } from '../base/errors.ts'
import { typeName } from '../base/options.ts'
import { showHost } from '../endpoint/text.ts'
import { printable } from '../base/text.ts'

/** The parts of an image name. `name` and `familiarName` include neither tag nor digest. */
export interface ImageReference {
  /** The registry: `docker.io`, `ghcr.io`, `localhost:5000`, `[::1]:5000`. */
  readonly domain: string
  /** The repository in it: `library/ubuntu`, `me/app`. */
  readonly path: string
  /** Without the colon. Absent if the name has none: the daemon adds `latest`. */
  readonly tag?: string
  /** `sha256:...`, without the at sign. */
  readonly digest?: string
  /** Domain and path: `docker.io/library/ubuntu`. */
  readonly name: string
  /** The short form that people write: `ubuntu`. */
  readonly familiarName: string
}

/** Docker Hub, the registry of names without a registry. */
export const HUB = 'docker.io'
/** The former name of Docker Hub (distribution/reference, legacyDefaultDomain). */
export const LEGACY_HUB = 'index.docker.io'
/** Docker Hub's prefix of official images. */
const OFFICIAL = 'library/'

/** Far above the longest name, tag and digest together. */
const LONGEST = 1024
/** distribution/reference, RepositoryNameTotalLengthMax. */
const LONGEST_PATH = 255

const LABEL = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?'
const COMPONENT = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*'
const DOMAIN = new RegExp(`^(?:${LABEL}(?:\\.${LABEL})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?$`)
const PATH = new RegExp(`^${COMPONENT}(?:/${COMPONENT})*$`)
const TAG = /^\w[\w.-]{0,127}$/
/** The algorithms of opencontainers/go-digest, each with its number of hex digits. */
const DIGEST = /^(?:sha256:[a-f0-9]{64}|sha384:[a-f0-9]{96}|sha512:[a-f0-9]{128})$/
/** An image id: a repository must not look like one. */
const ID = /^[a-f0-9]{64}$/

/**
 * Parses an image name by Docker's own rules (distribution/reference): the part before the first `/` is a registry if
 * it contains a dot, a colon or an upper-case letter, or is `localhost`. Nothing is looked up.
 *
 * @param text - `ubuntu`, `me/app:1.2`, `ghcr.io/me/app@sha256:...`, `localhost:5000/app`
 * @returns its parts
 * @throws {@link RegistryError} ERR_REFERENCE_INVALID
 * @throws {@link ArgumentError} ERR_ARGUMENT_INVALID, if it isn't a string
 * @example
 * ```ts
 * parseReference('ubuntu:24.04').name // 'docker.io/library/ubuntu'
 * ```
 */
export function parseReference(text: string): ImageReference {
  if (typeof text !== 'string') throw noText(text)
  if (text === '') throw refused(text, 'it is empty')
  if (text.length > LONGEST) throw refused(text, `it is longer than ${LONGEST} characters`)
  if (ID.test(text)) throw refused(text, 'it is an image id, and registries know images only by name')
  const { rest, tag, digest } = split(text)
  const { domain, path } = locate(rest)
  check(text, { domain, path, tag, digest })
  return {
    domain,
    path,
    ...(tag !== undefined && { tag }),
    ...(digest !== undefined && { digest }),
    name: `${domain}/${path}`,
    familiarName: familiar(domain, path),
  }
}

/**
 * Writes a reference in its full form: `docker.io/library/ubuntu:24.04`.
 *
 * @param reference - the result of {@link parseReference}
 * @example
 * ```ts
 * formatReference(parseReference('ubuntu:24.04')) // 'docker.io/library/ubuntu:24.04'
 * ```
 */
export function formatReference({ name, tag, digest }: ImageReference): string {
  return `${name}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`
}

/** The digest begins at the first `@`. A colon after the last `/` begins the tag, any other colon a port. */
function split(text: string): { rest: string; tag: string | undefined; digest: string | undefined } {
  const at = text.indexOf('@')
  const named = at === -1 ? text : text.slice(0, at)
  const colon = named.indexOf(':', named.lastIndexOf('/') + 1)
  return {
    rest: colon === -1 ? named : named.slice(0, colon),
    tag: colon === -1 ? undefined : named.slice(colon + 1),
    digest: at === -1 ? undefined : text.slice(at + 1),
  }
}

function locate(name: string): { domain: string; path: string } {
  const slash = name.indexOf('/')
  const first = name.slice(0, Math.max(slash, 0))
  const isDomain = isRegistry(first)
  const domain = isDomain && first !== LEGACY_HUB ? first : HUB
  const path = isDomain ? name.slice(slash + 1) : name
  return { domain, path: domain === HUB && !path.includes('/') ? OFFICIAL + path : path }
}

function isRegistry(first: string): boolean {
  return first === 'localhost' || /[.:A-Z]/.test(first)
}

function check(
  text: string,
  { domain, path, tag, digest }: { domain: string; path: string; tag: string | undefined; digest: string | undefined },
): void {
  if (!DOMAIN.test(domain)) throw refused(text, `${quoted(domain)} is not a valid registry`)
  if (/[A-Z]/.test(path))
    throw refused(text, 'its repository has upper-case letters', 'Write the repository in lower case.')
  if (!PATH.test(path)) throw refused(text, `${quoted(path.replace(OFFICIAL, ''))} is not a valid repository`)
  if (path.length > LONGEST_PATH) throw refused(text, `its repository is longer than ${LONGEST_PATH} characters`)
  if (tag !== undefined && !TAG.test(tag)) throw refused(text, `${quoted(tag)} is not a valid tag`)
  if (digest !== undefined && !DIGEST.test(digest)) throw refused(text, `${quoted(digest)} is not a valid digest`)
}

function familiar(domain: string, path: string): string {
  // docker.io/localhost/x without docker.io would be an image of the registry localhost.
  if (domain !== HUB || isRegistry(path.slice(0, path.indexOf('/')))) return `${domain}/${path}`
  const short = path.slice(OFFICIAL.length)
  return path.startsWith(OFFICIAL) && !short.includes('/') ? short : path
}

/** Is it a URL, or does it begin with a login? The text before the @ of a registry (not of a digest) may be a password. */
function mayHoldLogin(text: string): boolean {
  const end = text.search(/[@/]/)
  const before = text.slice(0, Math.max(end, 0))
  if (text[end] === '/') return before.endsWith(':') && text[end + 1] === '/'
  return before.includes(':') && /^[^@:]*[./]/.test(text.slice(end + 1))
}

function quoted(text: string): string {
  return JSON.stringify(mayHoldLogin(text) ? showHost(text) : printable(text))
}

function refused(text: string, got: string, todo = 'Write it as REGISTRY/REPOSITORY:TAG, such as ghcr.io/me/app:1.2') {
  return new RegistryError('ERR_REFERENCE_INVALID', { tried: `parsing the image name ${quoted(text)}`, got, todo })
}

function noText(value: unknown): ArgumentError {
  return new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: 'parsing an image name',
    got: `it is ${typeName(value)}, not a string`,
    todo: 'Pass a string, such as ubuntu:24.04',
  })
}
