import {
  AuthorizationDeniedError,
  BadRequestError,
  ConflictError,
  UnauthorizedError,
  type ApiErrorCode,
  type DockerApiError,
} from '../base/errors.ts'
import type { Sentence } from '../base/sentence.ts'
import { REMOVE_PIN } from './version.ts'

/**
 * A message of the daemon that says more than the status it comes with. Patterns must be linear: a message may be long.
 */
export interface KnownMessage {
  readonly pattern: RegExp
  /** The status that the message comes with. @defaultValue any */
  readonly status?: number
  /** The error that the message means, if its status alone would give another one. */
  readonly error?: readonly [ErrorClass: typeof DockerApiError, code: ApiErrorCode]
  /** The remedy, which may quote what the parentheses of the pattern match. */
  readonly todo: Sentence | ((match: readonly string[]) => Sentence)
}

/** The version in the path is one that the daemon doesn't serve. */
export const WRONG_VERSION: KnownMessage = {
  pattern: /client version \S+ is too (?:new|old)/,
  status: 400,
  error: [BadRequestError, 'ERR_API_VERSION_UNSUPPORTED'],
  todo: REMOVE_PIN,
}

/** moby, pkg/authorization: a plugin denied a request or its answer. */
export const DENIED_BY_PLUGIN: KnownMessage = {
  pattern: /^authorization denied by plugin /,
  status: 403,
  error: [AuthorizationDeniedError, 'ERR_API_AUTHORIZATION_DENIED'],
  todo: "Ask the administrator of the daemon: its authorization plugin decides by the client certificate's common name.",
}

const ITS_POLICY = 'in the policy of its authorization plugin'

/** What to do about a refusal of docker-mtls' own plugin, by the code at the end of its message. */
const PLUGIN_REMEDIES: Readonly<Record<string, Sentence>> = {
  IDENTITY_UNKNOWN: `Ask the administrator of the daemon for a rule for your certificate ${ITS_POLICY}.`,
  OPERATION_REFUSED: `Ask the administrator of the daemon for a level that includes this, or for the operation in "allow" of your rule, ${ITS_POLICY}.`,
  CERTIFICATE_EXPIRED: 'Renew the client certificate, and connect again.',
  AUTHORIZATION_FAILED: "Read the log of the daemon's authorization plugin on its host.",
}

/** docker-mtls' own plugin gives a reason, and dockerd passes no header field of a plugin on. */
const DENIED_WITH_REASON: KnownMessage = {
  ...DENIED_BY_PLUGIN,
  pattern: /^authorization denied by plugin \S+: .*\(([A-Z]+(?:_[A-Z]+)*)\)$/s,
  todo: ([, reason = '']) =>
    (Object.hasOwn(PLUGIN_REMEDIES, reason) ? PLUGIN_REMEDIES[reason] : undefined) ??
    `Change the request, or ask the administrator of the daemon for a rule that allows it, ${ITS_POLICY}.`,
}

/** moby, image/store.go, and Podman, pkg/api/handlers/utils/errors.go and compat/images.go, whose messages go on. */
export const NO_SUCH_IMAGE: KnownMessage = {
  pattern: /^(?:[Nn]o such image: |failed to find image )([^\s:]+(?::[^\s:]+)*)/,
  status: 404,
  todo: ([, image = '']) =>
    `Correct the name, or pull the image first:  docker.images.pull('${image}')  For docker.run() and docker.containers.create(), you can set { pull: 'missing' }.`,
}

/** The program of a container or an exec doesn't exist in it, or isn't executable. */
export const CORRECT_COMMAND =
  'Correct the command, its user or its working directory. The program must be an executable file in the container.'

/** Messages of any operation. `refusals.ts` has those of one. */
const KNOWN_MESSAGES: readonly KnownMessage[] = [
  WRONG_VERSION,
  DENIED_WITH_REASON,
  DENIED_BY_PLUGIN,
  NO_SUCH_IMAGE,
  // runc, libcontainer, and crun.
  {
    pattern: /unable to find (user|group) ([^:\s]+)/,
    todo: ([, kind = '', name = '']) =>
      `Correct the user: the container has no ${kind} ${name}. A number needs no entry in its /etc/passwd.`,
  },
  {
    pattern: /chdir to cwd \("([^"]*)"\)/,
    todo: ([, folder = '']) =>
      `Correct WorkingDir: ${folder} must be a folder in the container that the user may enter.`,
  },
  {
    pattern: /exec: "[^"]*": |executable file \S+ not found/,
    todo: 'Correct the command: its program must be an executable file in the container.',
  },
  // moby, daemon/exec.go.
  {
    pattern: /[Ee]xec command [0-9a-f]{64} (?:has already run|is already running)/,
    todo: 'An exec can be started only once. Create another one with docker.exec.create().',
  },
  // moby, daemon/errors.go, for calls that need a running container.
  {
    pattern: /[Cc]ontainer (\S+) is not running$/,
    status: 409,
    todo: ([, id = '']) =>
      `Start the container first:  docker.containers.start('${id.slice(0, 12)}')  If it has exited, docker.containers.logs() may say why.`,
  },
  // moby, daemon/container.go.
  {
    pattern: /[Cc]ontainer \S+ is restarting, wait until/,
    status: 409,
    todo: 'Wait until the container runs. docker.containers.logs() may say why it restarts.',
  },
  // moby, daemon/archive.go.
  {
    pattern: /^Could not find the file (.+) in container /,
    status: 404,
    todo: ([, path = '']) => `Correct the path ${path}: it doesn't exist in the container.`,
  },
  // distribution/reference, for a name in any parameter.
  {
    pattern: /repository name (?:\((?:library\/)?([^\s)]+)\) )?must be lowercase/,
    todo: ([, name = '']) => `Write the name in lower case${name === '' ? '.' : `:  ${name.toLowerCase()}`}`,
  },
  {
    pattern: /invalid reference format/,
    todo: 'Correct the name of the image. A complete one is  registry.example.com/team/app:1.2',
  },
  {
    pattern: /invalid tag format/,
    todo: 'Correct the tag: it consists of letters, digits, _, . and -, and begins with a letter, a digit or _.',
  },
  // moby, daemon/oci_linux.go and daemon/devices.go.
  {
    pattern: /gathering device information while adding custom device "([^"]+)"/,
    todo: ([, path = '']) => `Correct HostConfig.Devices: ${path} must be a device on the daemon's host.`,
  },
  {
    pattern: /could not select device driver/,
    todo: "Install the driver on the daemon's host, such as the NVIDIA Container Toolkit for GPUs, or correct HostConfig.DeviceRequests.",
  },
  // moby, daemon/logger, volume/drivers and others.
  {
    pattern: /error looking up \w+ plugin ([^\s:]+): plugin/,
    todo: ([, driver = '']) =>
      `Correct the name of the driver, or install its plugin:  docker.plugins.pull('${driver}', [])`,
  },
  {
    pattern: /wrong rlimit value: RLIMIT_(\w+)/,
    todo: ([, name = '']) => `Correct HostConfig.Ulimits: Linux has no limit ${name.toLowerCase()}.`,
  },
  {
    pattern: /Decoding seccomp profile failed/,
    todo: 'Correct HostConfig.SecurityOpt: seccomp= is followed by the profile itself, as JSON.',
  },
  // moby, api/server: no route.
  {
    pattern: /^page not found$/,
    status: 404,
    todo: 'Correct the path. If it is right, it needs a newer API version than this connection uses.',
  },
  // Podman, libpod/define/errors.go: dockerd answers 409.
  {
    pattern: /: that name is already in use$/,
    status: 500,
    error: [ConflictError, 'ERR_API_CONFLICT'],
    todo: 'Choose another name, or remove the container that has it first.',
  },
  // moby, libnetwork/portallocator, if another container uses the port; the kernel, if another program does.
  {
    pattern: /port is already allocated|address already in use/,
    todo: "Choose another HostPort in HostConfig.PortBindings ('' for any free port), or stop the program that uses this one.",
  },
  // swarmkit, manager/state/store: the update doesn't name the newest version of the object.
  {
    pattern: /update out of sequence$/,
    status: 500,
    error: [ConflictError, 'ERR_API_CONFLICT'],
    todo: 'The object has changed since you read it. Inspect it again, and repeat the update with its new version.',
  },
  // moby, daemon/cluster: a wrong unlock key.
  {
    pattern: /could not be unlocked: invalid key/,
    status: 401,
    todo: 'Use the key that swarm.unlockKey() returns on another manager.',
  },
  // moby, registry/auth.go: the answer of a registry that checks names and passwords itself.
  {
    pattern: /^login attempt to \S+ failed with status: 401/,
    status: 500,
    error: [UnauthorizedError, 'ERR_API_UNAUTHORIZED'],
    todo: 'Correct the user name or the password for the registry.',
  },
]

/** Whether an answer of the daemon is this message. */
export function isMessage({ pattern, status: expected }: KnownMessage, status: number, message: string): boolean {
  return (expected ?? status) === status && pattern.test(message)
}

/** The known message that an answer is, with its remedy. */
export function knownMessage(
  status: number,
  message: string,
  known: readonly KnownMessage[] = KNOWN_MESSAGES,
): (Pick<KnownMessage, 'error'> & { readonly todo: Sentence }) | undefined {
  const found = known.find((one) => isMessage(one, status, message))
  if (found === undefined) return undefined
  const { error, todo } = found
  return { ...(error && { error }), todo: typeof todo === 'function' ? todo(found.pattern.exec(message) ?? []) : todo }
}
