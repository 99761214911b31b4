/** What daemons write into the output of a call. */
import { DOCKER, type Wording } from './wording.ts'

/**
 * moby, daemon/exec.go: the exec has run before, or runs now. A program can't print this, since it doesn't know the exec's id.
 * Docker 28 has dropped `Error: `.
 */
export const EXEC_STARTED_BEFORE: Wording = {
  pattern: /^(?:Error: E|e)xec command [0-9a-f]{64} (has already run|is already running)\r\n$/,
  seen: DOCKER,
}
/** How reasons begin for which an exec didn't start (moby, daemon/exec.go and errors.go; containerd). */
export const EXEC_NOT_STARTED: Wording = {
  pattern:
    /^(OCI runtime |unable to find (user|group) |(?:Error: E|e)xec command |[Cc]ontainer \S+ is |exec attach failed)/,
  seen: DOCKER,
}
/** moby, distribution/pull_v2.go, daemon/containerd/image_pull.go and plugin/backend_linux.go. */
export const PULLED_DIGEST: Wording = { pattern: /^Digest: (\S+)$/, seen: DOCKER }
export const PULLED: Wording = {
  pattern: /^Status: (Downloaded newer image|Image is up to date) for /,
  seen: DOCKER,
}
/** Before Docker 28, this is the failure of the call. With the containerd store, an image for one platform is taken for any. */
export const PULLED_OTHER_PLATFORM: Wording = {
  pattern: /^WARNING: (.* does not match the specified platform .*)$/,
  seen: ['28.5', '29.7 source'],
}
/** The result of a push. moby, daemon/containerd/image_push.go, reports it only as text. */
export const PUSHED: Wording = { pattern: /^(\S+): digest: (\S+) size: (\d+)$/, seen: DOCKER }
/** moby, image/tarexport/load.go; daemon/containerd/image_exporter.go. */
export const LOADED: Wording = { pattern: /^Loaded image(?: ID)?: (\S+)\s*$/gm, seen: DOCKER }
/** The exit code of a step: of BuildKit, and of the classic builder. */
export const STEP_FAILED: Wording = { pattern: /(?:exit code|non-zero code): (\d+)/, seen: DOCKER }
