import {
  AuthorizationDeniedError,
  BadRequestError,
  ConflictError,
  UnauthorizedError,
  type ApiErrorCode,
  type DockerApiError,
} from '../base/errors.ts'

/** Words of the daemon that say more than the status that they come with. No pattern goes over a long message twice. */
export interface Saying {
  readonly said: RegExp
  /** The status that they count with. @defaultValue any */
  readonly status?: number
  /** What it is, where that is not what its status says. */
  readonly as?: readonly [ErrorClass: typeof DockerApiError, code: ApiErrorCode]
  /** What to do; `$1` is what the first parentheses matched. */
  readonly todo: string
}

/** What it says to a version in the path that it doesn't serve. */
export const WRONG_VERSION: Saying = {
  said: /client version \S+ is too (?:new|old)/,
  status: 400,
  as: [BadRequestError, 'ERR_API_VERSION_UNSUPPORTED'],
  todo: 'Leave DOCKER_API_VERSION and the option apiVersion away and connect again: then the version is negotiated.',
}

/** moby, pkg/authorization: a plugin refused a request or its answer. */
export const PLUGIN_REFUSED: Saying = {
  said: /^authorization denied by plugin /,
  status: 403,
  as: [AuthorizationDeniedError, 'ERR_API_AUTHORIZATION_DENIED'],
  todo: "Ask who runs the daemon: an authorization plugin decides there, by the client certificate's common name.",
}

/** moby, image/store.go. */
export const NO_SUCH_IMAGE: Saying = {
  said: /^No such image: (\S+)/,
  status: 404,
  todo: "Correct the name, or pull it:  docker.images.pull('$1').  docker.run() does so with { pull: 'missing' }.",
}

/** Who starts a program in a container, and it is not there or can't be one. */
export const MEND_COMMAND =
  'Correct the command, its user or its folder: the program has to be in the container, and executable.'

const SAYINGS: readonly Saying[] = [
  WRONG_VERSION,
  PLUGIN_REFUSED,
  NO_SUCH_IMAGE,
  // runc, libcontainer, and crun.
  {
    said: /exec: "[^"]*": |executable file \S+ not found|chdir to cwd|unable to find (?:user|group) /,
    todo: MEND_COMMAND,
  },
  // moby, daemon/exec.go.
  {
    said: /Exec command [0-9a-f]{64} (?:has already run|is already running)/,
    todo: 'An exec runs once: make another by docker.exec.create().',
  },
  // moby, daemon/errors.go, for what needs a container that runs.
  { said: /[Cc]ontainer \S+ is not running$/, status: 409, todo: 'Start it first, or look why it has ended.' },
  // moby, daemon/archive.go.
  {
    said: /^Could not find the file (.+) in container /,
    status: 404,
    todo: 'Correct the path $1: neither it nor a link to it is there, or its folder is not.',
  },
  // moby, api/server: no route.
  { said: /^page not found$/, status: 404, todo: 'Correct the path, or look since which API version there is one.' },
  // moby, libnetwork/portallocator, for a port of another container; the system, for that of another program.
  {
    said: /port is already allocated|address already in use/,
    todo: "Give another HostPort in HostConfig.PortBindings, '' for any that is free, or stop what has this one.",
  },
  // swarmkit, manager/state/store: the version that an update named isn't the newest any more.
  {
    said: /update out of sequence$/,
    status: 500,
    as: [ConflictError, 'ERR_API_CONFLICT'],
    todo: 'It has changed meanwhile: inspect it again, and update what it is now by its new version.',
  },
  // moby, daemon/cluster: a wrong unlock key.
  {
    said: /could not be unlocked: invalid key/,
    status: 401,
    todo: 'Unlock it with the key that swarm.unlockKey() of another manager gives.',
  },
  // moby, registry/auth.go: what a registry that takes names and passwords itself said.
  {
    said: /^login attempt to \S+ failed with status: 401/,
    status: 500,
    as: [UnauthorizedError, 'ERR_API_UNAUTHORIZED'],
    todo: 'Log in to the registry, or correct its credentials.',
  },
]

/** Whether an answer says so. */
export function says(saying: Saying, status: number, message: string): boolean {
  return (saying.status ?? status) === status && saying.said.test(message)
}

/** The saying that an answer is, with what to do in its own words. */
export function sayingOf(status: number, message: string): Saying | undefined {
  const found = SAYINGS.find((saying) => says(saying, status, message))
  const [matched = ''] = found?.said.exec(message) ?? []
  return found && { ...found, todo: matched.replace(found.said, found.todo) }
}
