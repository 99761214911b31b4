/**
 * What daemons say in one call, and in others with another meaning. The words are those of moby (daemon/, api/, libnetwork/,
 * plugin/) and swarmkit, if no other source is named.
 */
import { DOCKER, type Wording } from './wording.ts'

export const PAUSED: Wording = { pattern: /^container (\S+) is paused/i, seen: DOCKER }
export const CONTAINER_NAME_IN_USE: Wording = {
  pattern: /container name "\/?([^"]+)" is already in use/,
  seen: DOCKER,
}
export const INVALID_CONTAINER_NAME: Wording = { pattern: /Invalid container name/, seen: DOCKER }
export const OTHER_PLATFORM: Wording = {
  pattern:
    /image with reference (\S+) was found but (?:its platform \(\S+\) )?does not (?:match|provide) the specified platform(?:(?:: wanted | \()([^\s,)]+))?/,
  seen: DOCKER,
}
export const INVALID_SIGNAL: Wording = { pattern: /invalid signal/i, seen: DOCKER }
export const TOO_LITTLE_MEMORY: Wording = { pattern: /Minimum memory limit/, seen: DOCKER }
/** Go, archive/tar. */
export const INCOMPLETE_TAR: Wording = {
  pattern: /unexpected EOF|invalid tar header|archive\/tar|processing tar file/i,
  seen: DOCKER,
}
/** The daemon fetches a URL of the caller. */
export const UNREACHABLE_URL: Wording = {
  pattern: /^(?:Get|Head) "?https?:.*(?:dial tcp|no such host|timeout|connection refused)/i,
  seen: DOCKER,
}
/** moby, image/tarexport: a tar without the files of `docker save`. With the containerd store, image/archive. */
export const NO_SAVED_IMAGE: Wording = {
  pattern: /docker-import-\d+\/\S+: no such file|unrecognized image format/,
  seen: DOCKER,
}
export const NO_SUCH_NETWORK: Wording = { pattern: /(?:^|desc = )network (\S+) not found/, seen: DOCKER }
export const PRUNE_RUNS: Wording = { pattern: /prune operation is already running/, seen: DOCKER }
export const IN_SWARM: Wording = { pattern: /already part of a swarm/, seen: DOCKER }
/** A service can't be found, since there are none. */
export const NO_MANAGER: Wording = { pattern: /not a swarm manager/, seen: DOCKER }
/** The beginning of the ids of several containers. */
export const SEVERAL_IDS: Wording = { pattern: /multiple IDs found/, seen: DOCKER }
/** moby, plugin/errors.go: a plugin is in use, or enabled or disabled. */
export const PLUGIN_IN_THIS_STATE: Wording = { pattern: / (?:enabled|disabled)$/, seen: DOCKER }
export const IN_USE: Wording = { pattern: /in use/, seen: DOCKER }
export const IN_USE_BY_SERVICES: Wording = { pattern: /is in use by the following service/, seen: DOCKER }
export const IN_USE_BY_SERVICE: Wording = { pattern: /is in use by service/, seen: DOCKER }
export const NO_BIND_SOURCE: Wording = { pattern: /bind source path does not exist: (.+)$/, seen: DOCKER }
export const NO_CONFIG: Wording = { pattern: /config cannot be empty/, seen: DOCKER }
export const NO_COMMAND: Wording = { pattern: /no command specified/, seen: DOCKER }
export const SHORT_HEALTHCHECK: Wording = { pattern: /in Healthcheck cannot be less than/, seen: DOCKER }
export const INVALID_VOLUME_NAME: Wording = { pattern: /invalid characters for a local volume name/, seen: DOCKER }
/** ps(1) on the daemon's host. */
export const PS_FAILED: Wording = { pattern: /(?:^|\W)ps\b/, seen: DOCKER }
export const REMOVAL_RUNS: Wording = { pattern: /already in progress/, seen: DOCKER }
export const REMOVES_PAUSED: Wording = { pattern: /paused/, seen: DOCKER }
export const REMOVES_RUNNING: Wording = { pattern: /running|restarting/, seen: DOCKER }
export const STARTS_PAUSED: Wording = { pattern: /paused container/, seen: DOCKER }
export const JOINS_STOPPED: Wording = { pattern: /of a non running container: (?:container )?(\S+)/, seen: DOCKER }
export const KILLS_STOPPED: Wording = { pattern: /is not running$/, seen: DOCKER }
export const PAUSED_BEFORE: Wording = { pattern: /is already paused$/, seen: DOCKER }
export const NOT_PAUSED: Wording = { pattern: /is not paused$/, seen: DOCKER }
export const NO_EXEC_COMMAND: Wording = { pattern: /No exec command specified/, seen: DOCKER }
export const IMAGE_IN_USE: Wording = {
  pattern: /\(cannot be forced\) - (?:image is being used by running )?container (\w+)/,
  seen: DOCKER,
}
export const IMAGE_IN_USE_UNLESS_FORCED: Wording = {
  pattern: /\(must (?:be )?forced?\) - (?:image is being used by stopped )?container (\w+)/,
  seen: DOCKER,
}
export const SEVERAL_REPOSITORIES: Wording = { pattern: /multiple repositories/, seen: DOCKER }
/** containerd's store keeps the layers of an image that has children. */
export const CHILD_IMAGES: Wording = { pattern: /dependent child images/, seen: ['26.1', '28.5', '29.7 source'] }
export const NO_DOCKERFILE: Wording = { pattern: /^Cannot locate specified Dockerfile: /, seen: DOCKER }
export const NETWORK_MODE_OF_BUILD: Wording = { pattern: /network mode \S+ not supported by buildkit/, seen: DOCKER }
export const EXISTS: Wording = { pattern: /already exists/, seen: DOCKER }
export const ACTIVE_ENDPOINTS: Wording = { pattern: /has active endpoints(?: \(name:"([^"]+)")?/, seen: DOCKER }
export const CONNECTED_BEFORE: Wording = {
  pattern: /endpoint with name (\S+) already exists in network/,
  seen: DOCKER,
}
export const NOT_CONNECTED: Wording = { pattern: /is not connected to/, seen: DOCKER }
export const PLUGIN_ENABLED: Wording = { pattern: /is enabled/, seen: DOCKER }
export const PLUGIN_ACTIVE: Wording = { pattern: /active plugin/, seen: DOCKER }
export const IS_MANAGER: Wording = { pattern: /is a cluster manager/, seen: DOCKER }
export const LEAVES_AS_MANAGER: Wording = { pattern: /as a manager/, seen: DOCKER }
export const NOT_LOCKED: Wording = { pattern: /is not locked/, seen: DOCKER }
