/**
 * What daemons say of registries. They pass on the words of a registry (moby, distribution/errors.go and registry/auth.go;
 * containerd, core/remotes/docker) and those of Go about the connection.
 */
import { DOCKER, type Wording } from './wording.ts'

export const PLAIN_HTTP: Wording = { pattern: /server gave HTTP response to HTTPS client/i, seen: DOCKER }
export const UNTRUSTED: Wording = { pattern: /x509:|tls:/i, seen: DOCKER }
export const UNREACHABLE: Wording = {
  pattern: /dial tcp|no such host|i\/o timeout|connection refused|context deadline exceeded|Client\.Timeout/i,
  seen: DOCKER,
}
/** A registry answers alike for a repository that doesn't exist and for one that you may not see. */
export const ACCESS_DENIED: Wording = {
  pattern:
    /access denied|access (to the resource is )?(denied|forbidden)|authentication required|unauthorized|no basic auth credentials|incorrect username or password|authorization failed|insufficient_scope/i,
  seen: DOCKER,
}
export const TOO_MANY_REQUESTS: Wording = { pattern: /toomanyrequests|too many requests|rate limit/i, seen: DOCKER }
export const NO_MANIFEST: Wording = {
  pattern:
    /manifest unknown|name unknown|not found: (manifest|name)|manifest for \S+ not found|^failed to resolve reference "[^"]*": \S+: not found/i,
  seen: DOCKER,
}
/** A push of an image that the daemon doesn't have. */
export const NO_SUCH_TAG: Wording = { pattern: /tag does not exist|not exist locally/i, seen: DOCKER }
/** BuildKit, source/containerimage: the base image that it asks for, or the request itself. */
export const BASE_IMAGE: Wording = {
  pattern: /source metadata for ([^\s/]+)\/|"https?:\/\/([^/"]+)\/v2\//,
  seen: DOCKER,
}
