/** What daemons say in any call. `connect()` loads this file. */
import { DOCKER, type Wording } from './wording.ts'

/** moby, api/server/middleware/version.go: the version in the path is one that the daemon doesn't serve. */
export const WRONG_VERSION: Wording = { pattern: /client version \S+ is too (?:new|old)/, seen: DOCKER }
/** moby, pkg/authorization: a plugin denied a request or its answer. */
export const DENIED_BY_PLUGIN: Wording = { pattern: /^authorization denied by plugin /, seen: DOCKER }
/** docker-mtls' own plugin gives a reason, and dockerd passes no header field of a plugin on. */
export const DENIED_WITH_REASON: Wording = {
  pattern: /^authorization denied by plugin \S+: .*\(([A-Z]+(?:_[A-Z]+)*)\)$/s,
  seen: DOCKER,
}
/** moby, image/store.go, and Podman, pkg/api/handlers/utils/errors.go and compat/images.go, whose messages go on. */
export const NO_SUCH_IMAGE: Wording = {
  pattern: /^(?:[Nn]o such image: |failed to find image )([^\s:]+(?::[^\s:]+)*)/,
  seen: [...DOCKER, 'Podman 5.8'],
}
/** runc, libcontainer, and crun. */
export const UNKNOWN_USER: Wording = { pattern: /unable to find (user|group) ([^:\s]+)/, seen: DOCKER }
export const NO_WORKING_FOLDER: Wording = { pattern: /chdir to cwd \("([^"]*)"\)/, seen: DOCKER }
export const NO_PROGRAM: Wording = {
  pattern: /exec: "[^"]*": |executable file \S+ not found/,
  seen: [...DOCKER, 'Podman 5.8'],
}
/** moby, daemon/exec.go. Docker 28 has dropped `Error: E`. */
export const EXEC_STARTED_BEFORE: Wording = {
  pattern: /[Ee]xec command [0-9a-f]{64} (?:has already run|is already running)/,
  seen: DOCKER,
}
/** moby, daemon/errors.go, for calls that need a running container. */
export const NOT_RUNNING: Wording = { pattern: /[Cc]ontainer (\S+) is not running$/, seen: DOCKER }
/** moby, daemon/container.go. */
export const RESTARTING: Wording = { pattern: /[Cc]ontainer \S+ is restarting, wait until/, seen: DOCKER }
/** moby, daemon/archive.go. */
export const NO_SUCH_FILE: Wording = { pattern: /^Could not find the file (.+) in container /, seen: DOCKER }
/** distribution/reference, for a name in any parameter. */
export const NOT_LOWER_CASE: Wording = {
  pattern: /repository name (?:\((?:library\/)?([^\s)]+)\) )?must be lowercase/,
  seen: DOCKER,
}
export const INVALID_NAME: Wording = { pattern: /invalid reference format/, seen: DOCKER }
export const INVALID_TAG: Wording = { pattern: /invalid tag format/, seen: DOCKER }
/** moby, daemon/oci_linux.go and daemon/devices.go. */
export const NO_DEVICE: Wording = {
  pattern: /gathering device information while adding custom device "([^"]+)"/,
  seen: DOCKER,
}
export const NO_DEVICE_DRIVER: Wording = { pattern: /could not select device driver/, seen: DOCKER }
/** moby, daemon/logger, volume/drivers and others. */
export const NO_DRIVER: Wording = { pattern: /error looking up \w+ plugin ([^\s:]+): plugin/, seen: DOCKER }
/** runc. */
export const NO_SUCH_LIMIT: Wording = { pattern: /wrong rlimit value: RLIMIT_(\w+)/, seen: DOCKER }
/** moby, profiles/seccomp. */
export const INVALID_SECCOMP: Wording = { pattern: /Decoding seccomp profile failed/, seen: DOCKER }
/** moby, api/server: no route. */
export const NO_ROUTE: Wording = { pattern: /^page not found$/, seen: DOCKER }
/** Podman, libpod/define/errors.go: dockerd answers 409. */
export const NAME_IN_USE_OF_PODMAN: Wording = { pattern: /: that name is already in use$/, seen: ['Podman 5.8'] }
/** moby, libnetwork/portallocator, if another container uses the port; the kernel, if another program does. */
export const PORT_IN_USE: Wording = { pattern: /port is already allocated|address already in use/, seen: DOCKER }
/** swarmkit, manager/state/store: the update doesn't name the newest version of the object. */
export const OUT_OF_SEQUENCE: Wording = { pattern: /update out of sequence$/, seen: DOCKER }
/** moby, daemon/cluster. */
export const WRONG_UNLOCK_KEY: Wording = { pattern: /could not be unlocked: invalid key/, seen: DOCKER }
/** moby, registry/auth.go: the answer of a registry that checks names and passwords itself. */
export const LOGIN_REFUSED: Wording = { pattern: /^login attempt to \S+ failed with status: 401/, seen: DOCKER }
