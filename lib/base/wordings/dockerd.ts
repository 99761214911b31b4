/** What dockerd says of itself: in the warnings of `/info`, on its listeners, and in its log when it doesn't start. */
import { DOCKER, type Wording } from './wording.ts'

/** The address of a listener without TLS, in a warning (moby, daemon/info.go: fillAPIInfo). */
export const WITHOUT_TLS: Wording = { pattern: /accessible on http:\/\/(\S+)/i, seen: DOCKER }
/** The address of a TLS listener that lets in clients without a certificate. */
export const WITHOUT_CLIENT_CERTIFICATE: Wording = {
  pattern: /accessible on https:\/\/(\S+) without TLS client verification/i,
  seen: DOCKER,
}
/** Go's answer to plain HTTP (net/http/server.go). The docker command prints it as it is. */
export const HAS_TLS: Wording = { pattern: /HTTP request to an HTTPS server/, seen: DOCKER }
/** moby, cmd/dockerd/daemon.go; from Docker 29 on, daemon/command/daemon.go. */
export const NOT_STARTED: Wording = { pattern: /failed to start daemon: (.*)/, seen: DOCKER }
export const NOT_CONFIGURED: Wording = { pattern: /unable to configure the Docker daemon[^:]*: (.*)/, seen: DOCKER }
/** dockerd's last message has no time and no level. */
export const FAILED_AT_LAST: Wording = { pattern: /^(failed to .*)$/m, seen: DOCKER }
export const INVALID_TLS: Wording = { pattern: /^(invalid TLS configuration: .*)$/m, seen: DOCKER }
export const LOGGED_ERROR: Wording = { pattern: /level=(?:fatal|error) msg="((?:[^"\\]|\\.)*)"/, seen: DOCKER }
