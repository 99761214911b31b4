import { RegistryError } from '../base/errors.ts'
import { checkText } from '../base/options.ts'
import { showHost } from '../endpoint/text.ts'
import { HUB, LEGACY_HUB, parseReference, type ImageReference } from './reference.ts'

/** The key of Docker Hub's credentials in the Docker CLI and its helpers (docker/docker, registry.IndexServer). */
export const HUB_SERVER = 'https://index.docker.io/v1/'

/** All names of Docker Hub. BuildKit asks for the last one. */
const HUB_HOSTS: ReadonlySet<string> = new Set([HUB, LEGACY_HUB, 'registry-1.docker.io'])

/** The server whose credentials an image needs, by its name in `docker login`. */
export function serverOfImage(image: string | ImageReference): string {
  const { domain } = typeof image === 'object' && image !== null ? image : parseReference(image)
  return domain === HUB ? HUB_SERVER : domain
}

/**
 * The server for the host or URL of a registry, by its name in `docker login`.
 *
 * @throws {@link RegistryError} ERR_REFERENCE_INVALID
 * @throws {@link ArgumentError} ERR_ARGUMENT_INVALID, if it isn't a string
 */
export function serverOfRegistry(registry: string): string {
  checkText(registry, 'the name of a registry')
  const host = hostOf(registry)
  if (HUB_HOSTS.has(host)) return HUB_SERVER
  // A helper reads it as a line of its input.
  if (/^[A-Za-z0-9[][A-Za-z0-9.:[\]-]*$/.test(host)) return host
  throw new RegistryError('ERR_REFERENCE_INVALID', {
    tried: `reading the registry ${JSON.stringify(showHost(registry))}`,
    got: 'it is not a host',
    todo: 'Write it as HOST or HOST:PORT, such as ghcr.io',
  })
}

/** `ghcr.io` of `https://ghcr.io/v2/`. The Docker CLI compares keys like this (credentials.ConvertToHostname). */
export function hostOf(server: string): string {
  return server.replace(/^https?:\/\//, '').replace(/\/.*$/s, '')
}

/** The registry of a server of `docker login`, as in image names; Docker Hub if there is none. */
export function registryOf(server: string = HUB): string {
  const host = hostOf(showHost(server))
  return HUB_HOSTS.has(host) ? HUB : host
}

/** Is this key of config.json for this server? */
export function isFor(key: string, server: string): boolean {
  if (key === server) return true
  const host = hostOf(key)
  return server === HUB_SERVER ? HUB_HOSTS.has(host) : host === server
}
