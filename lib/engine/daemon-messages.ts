import {
  AuthorizationDeniedError,
  BadRequestError,
  ConflictError,
  UnauthorizedError,
  type ApiErrorCode,
  type DockerApiError,
} from '../base/errors.ts'
import type { Sentence } from '../base/sentence.ts'
import * as said from '../base/wordings/any-call.ts'
import type { Wording } from '../base/wordings/wording.ts'
import { REMOVE_PIN } from './version.ts'

/** A message of the daemon that says more than the status it comes with. */
export interface KnownMessage {
  /** Its text, from the tables in base/wordings/. @defaultValue any */
  readonly wording?: Wording
  /** The status that the message comes with. @defaultValue any */
  readonly status?: number
  /** The error that the message means, if its status alone would give another one. */
  readonly error?: readonly [ErrorClass: typeof DockerApiError, code: ApiErrorCode]
  /** The remedy, which may quote what the parentheses of the wording match. */
  readonly todo: Sentence | ((match: readonly string[]) => Sentence)
}

export const WRONG_VERSION: KnownMessage = {
  wording: said.WRONG_VERSION,
  status: 400,
  error: [BadRequestError, 'ERR_API_VERSION_UNSUPPORTED'],
  todo: REMOVE_PIN,
}

export const DENIED_BY_PLUGIN: KnownMessage = {
  wording: said.DENIED_BY_PLUGIN,
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

const DENIED_WITH_REASON: KnownMessage = {
  ...DENIED_BY_PLUGIN,
  wording: said.DENIED_WITH_REASON,
  todo: ([, reason = '']) =>
    (Object.hasOwn(PLUGIN_REMEDIES, reason) ? PLUGIN_REMEDIES[reason] : undefined) ??
    `Change the request, or ask the administrator of the daemon for a rule that allows it, ${ITS_POLICY}.`,
}

export const NO_SUCH_IMAGE: KnownMessage = {
  wording: said.NO_SUCH_IMAGE,
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
  {
    wording: said.UNKNOWN_USER,
    todo: ([, kind = '', name = '']) =>
      `Correct the user: the container has no ${kind} ${name}. A number needs no entry in its /etc/passwd.`,
  },
  {
    wording: said.NO_WORKING_FOLDER,
    todo: ([, folder = '']) =>
      `Correct WorkingDir: ${folder} must be a folder in the container that the user may enter.`,
  },
  {
    wording: said.NO_PROGRAM,
    todo: 'Correct the command: its program must be an executable file in the container.',
  },
  {
    wording: said.EXEC_STARTED_BEFORE,
    todo: 'An exec can be started only once. Create another one with docker.exec.create().',
  },
  {
    wording: said.NOT_RUNNING,
    status: 409,
    todo: ([, id = '']) =>
      `Start the container first:  docker.containers.start('${id.slice(0, 12)}')  If it has exited, docker.containers.logs() may say why.`,
  },
  {
    wording: said.RESTARTING,
    status: 409,
    todo: 'Wait until the container runs. docker.containers.logs() may say why it restarts.',
  },
  {
    wording: said.NO_SUCH_FILE,
    status: 404,
    todo: ([, path = '']) => `Correct the path ${path}: it doesn't exist in the container.`,
  },
  {
    wording: said.NOT_LOWER_CASE,
    todo: ([, name = '']) => `Write the name in lower case${name === '' ? '.' : `:  ${name.toLowerCase()}`}`,
  },
  {
    wording: said.INVALID_NAME,
    todo: 'Correct the name of the image. A complete one is  registry.example.com/team/app:1.2',
  },
  {
    wording: said.INVALID_TAG,
    todo: 'Correct the tag: it consists of letters, digits, _, . and -, and begins with a letter, a digit or _.',
  },
  {
    wording: said.NO_DEVICE,
    todo: ([, path = '']) => `Correct HostConfig.Devices: ${path} must be a device on the daemon's host.`,
  },
  {
    wording: said.NO_DEVICE_DRIVER,
    todo: "Install the driver on the daemon's host, such as the NVIDIA Container Toolkit for GPUs, or correct HostConfig.DeviceRequests.",
  },
  {
    wording: said.NO_DRIVER,
    todo: ([, driver = '']) =>
      `Correct the name of the driver, or install its plugin:  docker.plugins.pull('${driver}', [])`,
  },
  {
    wording: said.NO_SUCH_LIMIT,
    todo: ([, name = '']) => `Correct HostConfig.Ulimits: Linux has no limit ${name.toLowerCase()}.`,
  },
  {
    wording: said.INVALID_SECCOMP,
    todo: 'Correct HostConfig.SecurityOpt: seccomp= is followed by the profile itself, as JSON.',
  },
  {
    wording: said.NO_ROUTE,
    status: 404,
    todo: 'Correct the path. If it is right, it needs a newer API version than this connection uses.',
  },
  {
    wording: said.NAME_IN_USE_OF_PODMAN,
    status: 500,
    error: [ConflictError, 'ERR_API_CONFLICT'],
    todo: 'Choose another name, or remove the container that has it first.',
  },
  {
    wording: said.PORT_IN_USE,
    todo: "Choose another HostPort in HostConfig.PortBindings ('' for any free port), or stop the program that uses this one.",
  },
  {
    wording: said.OUT_OF_SEQUENCE,
    status: 500,
    error: [ConflictError, 'ERR_API_CONFLICT'],
    todo: 'The object has changed since you read it. Inspect it again, and repeat the update with its new version.',
  },
  {
    wording: said.WRONG_UNLOCK_KEY,
    status: 401,
    todo: 'Use the key that swarm.unlockKey() returns on another manager.',
  },
  {
    wording: said.LOGIN_REFUSED,
    status: 500,
    error: [UnauthorizedError, 'ERR_API_UNAUTHORIZED'],
    todo: 'Correct the user name or the password for the registry.',
  },
]

/** Whether an answer of the daemon is this message. */
export function isMessage({ wording, status: expected }: KnownMessage, status: number, message: string): boolean {
  return (expected ?? status) === status && (wording?.pattern.test(message) ?? true)
}

/** The known message that an answer is, with its remedy. */
export function knownMessage(
  status: number,
  message: string,
  known: readonly KnownMessage[] = KNOWN_MESSAGES,
): (Pick<KnownMessage, 'error'> & { readonly todo: Sentence }) | undefined {
  const found = known.find((one) => isMessage(one, status, message))
  if (found === undefined) return undefined
  const { error, todo, wording } = found
  return {
    ...(error && { error }),
    todo: typeof todo === 'function' ? todo(wording?.pattern.exec(message) ?? []) : todo,
  }
}
