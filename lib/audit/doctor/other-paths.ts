import { realpath, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { command, sentence } from '../../base/sentence.ts'
import { isDockerMtlsError, type ErrorCode } from '../../base/errors.ts'
import type { NpipeEndpoint, SshEndpoint, UnixEndpoint } from '../../endpoint/endpoint.ts'
import type { ResolvedEndpoint } from '../../endpoint/resolve.ts'
import { checkLogin } from '../../transport/ssh-login.ts'
import { apiStep } from './api-steps.ts'
import type { Attempt } from './attempt.ts'
import { see, type Deadline } from './deadline.ts'
import { failed, failedBy, ok, type DetailedStep, type StepName } from './step.ts'

/** The steps of a connection by ssh. */
export const SSH_STEPS: readonly StepName[] = ['ssh', 'login', 'remote-docker', 'api']

const SSH_FAULTS: Readonly<Partial<Record<ErrorCode, StepName>>> = {
  ERR_SSH_NOT_INSTALLED: 'ssh',
  ERR_SSH_HOST_KEY_UNKNOWN: 'login',
  ERR_SSH_HOST_KEY_CHANGED: 'login',
  ERR_SSH_LOGIN_REFUSED: 'login',
  ERR_NAME_NOT_RESOLVED: 'login',
  ERR_HOST_UNREACHABLE: 'login',
  ERR_CONNECT_TIMEOUT: 'login',
  ERR_CONNECTION_RESET: 'login',
  ERR_SSH_DOCKER_MISSING: 'remote-docker',
  ERR_SOCKET_NOT_FOUND: 'remote-docker',
  ERR_SOCKET_PERMISSION: 'remote-docker',
  ERR_CONNECTION_REFUSED: 'remote-docker',
  ERR_CONNECTION_CLOSED: 'remote-docker',
  ERR_SERVER_NOT_DOCKER: 'remote-docker',
  ERR_SSH_FAILED: 'remote-docker',
}

/** The steps of a connection by ssh, up to the first that failed. */
export async function sshPath(
  endpoint: SshEndpoint & ResolvedEndpoint,
  attempt: Attempt,
  deadline: Deadline,
): Promise<DetailedStep[]> {
  const said: Partial<Record<StepName, string>> = {
    ssh: 'the program ssh is installed',
    login: `ssh logs in to ${endpoint.host}, and knows its host key`,
    'remote-docker': 'docker system dial-stdio reaches the daemon on that host',
  }
  const at = await failedSshStep(endpoint, attempt, deadline)
  return walk(SSH_STEPS, at, attempt, said)
}

/** The same error may be about ssh or about Docker behind it. Another login, without Docker, shows which. */
async function failedSshStep(
  endpoint: SshEndpoint,
  { error }: Attempt,
  deadline: Deadline,
): Promise<StepName | undefined> {
  if (error === undefined) return undefined
  if (!isDockerMtlsError(error)) return 'api'
  if (isDockerMtlsError(error, 'ERR_CONNECTION_REFUSED', 'ERR_SSH_FAILED')) {
    const login = await see(checkLogin(endpoint, deadline.left, deadline.signal), deadline.signal)
    return 'value' in login && login.value === undefined ? 'remote-docker' : 'login'
  }
  return SSH_FAULTS[error.code] ?? 'api'
}

/** The steps of a connection to a local socket. */
export const LOCAL_STEPS: readonly StepName[] = ['socket', 'api']

const SOCKET_FAULTS: readonly ErrorCode[] = ['ERR_SOCKET_NOT_FOUND', 'ERR_SOCKET_PERMISSION', 'ERR_CONNECTION_REFUSED']

/** The steps of a connection to a local socket, up to the first that failed. */
export async function localPath({ path }: UnixEndpoint | NpipeEndpoint, attempt: Attempt): Promise<DetailedStep[]> {
  const { error } = attempt
  const at = error === undefined ? undefined : isDockerMtlsError(error, ...SOCKET_FAULTS) ? 'socket' : 'api'
  const facts = await socketFacts(path)
  const steps = walk(LOCAL_STEPS, at, attempt, { socket: `${path} exists, and a program listens on it` })
  return steps.map((step) => (step.step === 'socket' ? { ...step, facts: { ...step.facts, path, ...facts } } : step))
}

/** Whoever may write to the socket controls Docker, and so the machine. */
export async function socketDangers({ kind, path }: UnixEndpoint | NpipeEndpoint): Promise<DetailedStep[]> {
  if (kind === 'npipe') return []
  const { mode } = await socketFacts(path)
  if (mode === undefined || (Number.parseInt(mode, 8) & 0o002) === 0 || !(await isReachable(path))) return []
  return [
    failed('socket', {
      code: 'SOCKET_OPEN_TO_ALL',
      finding: `every user of this machine can write to ${path} (mode ${mode}), and so become root`,
      remedy: sentence`Restrict it:  ${command('chmod', '660', path)}`,
      facts: { path, mode },
    }),
  ]
}

/** May everybody enter the folders above it? A socket in a user's own folder is closed to others, whatever its mode. */
async function isReachable(path: string): Promise<boolean> {
  try {
    for (let folder = dirname(await realpath(path)); ; folder = dirname(folder)) {
      if (((await stat(folder)).mode & 0o001) === 0) return false
      if (folder === dirname(folder)) return true
    }
  } catch {
    return false
  }
}

async function socketFacts(path: string): Promise<{ mode?: string; uid?: number; gid?: number }> {
  try {
    const { mode, uid, gid } = await stat(path)
    return { mode: (mode & 0o777).toString(8).padStart(4, '0'), uid, gid }
  } catch {
    return {}
  }
}

function walk(
  names: readonly StepName[],
  at: StepName | undefined,
  attempt: Attempt,
  said: Readonly<Partial<Record<StepName, string>>>,
): DetailedStep[] {
  const end = at === undefined ? names.length : names.indexOf(at)
  const good = names.slice(0, end).map((name) => (name === 'api' ? apiStep(attempt) : ok(name, said[name] ?? '')))
  if (at === undefined) return good
  return [...good, at === 'api' ? apiStep(attempt) : failedBy(at, attempt.error)]
}
