/** What only Podman says. */
import type { SeenOn, Wording } from './wording.ts'

const PODMAN: readonly SeenOn[] = ['Podman 5.8']

/** pkg/api: a path without a route, and what it lists as missing. */
export const NO_ROUTE: Wording = { pattern: /^(?:Not Found|Path \S+ is not supported)$/, seen: PODMAN }
export const NO_METHOD: Wording = { pattern: /^Method Not Allowed$/, seen: PODMAN }
export const NO_UPDATE: Wording = { pattern: /^update is not supported$/, seen: PODMAN }
export const NO_SWARM: Wording = { pattern: /^Podman does not support service: /, seen: PODMAN }
/** libpod/define/errors.go, in the standard error of an exec. */
export const EXEC_NOT_STARTED: Wording = {
  pattern:
    /^Error: [^\n]+: OCI (?:runtime attempted to invoke a command that was not found|permission denied|runtime error)(?=\r?\n)/,
  seen: PODMAN,
}
/** pkg/api/handlers/utils/images.go: the last message of a pull, which reports neither digest nor status. */
export const PULLED: Wording = { pattern: /^Download complete$/, seen: PODMAN }
