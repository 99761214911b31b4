import { randomBytes } from 'node:crypto'
import {
  BadRequestError,
  ConflictError,
  NotFoundError,
  ServerError,
  type DockerApiError,
} from '../../../base/api-errors.ts'
import { HealthError, isDockerMtlsError } from '../../../base/errors.ts'
import type { DockerClient } from '../../../engine/client.ts'
import type { ContainerCreateRequest, FilesystemChange } from '../../../engine/containers/types/create.ts'
import { CLEAN_UP_MS, removeAll, withGrace } from '../../../engine/workflows/clean-up.ts'

/** How a copy ended. */
export interface CopyResult {
  /** Did it stay as it should? */
  readonly ok: boolean
  /**
   * `healthy`: its healthcheck succeeded. `running`: it has none, and ran until the end. `finished`: it ended without an
   * error, as the original has. `unhealthy`: its healthcheck had not succeeded at the end. `exited`: it ended.
   * `refused`: the daemon did not create or start it.
   */
  readonly state: 'healthy' | 'running' | 'finished' | 'unhealthy' | 'exited' | 'refused'
  /** If it ended. */
  readonly exitCode?: number
  /** The kernel ended a process in it because its memory ran out. */
  readonly oomKilled?: boolean
  /** What the daemon or the healthcheck said. Foreign text: escape it to show it. */
  readonly message?: string
  /** The end of its output. Foreign text: escape it to show it. */
  readonly log: readonly string[]
}

/** What a copy showed before it was removed. */
export interface Ran extends CopyResult {
  readonly changes: readonly FilesystemChange[]
}

/** How a copy is observed. */
export interface Observe {
  readonly docker: DockerClient
  /** The container that is copied. */
  readonly name: string
  /** May the copy end, because its original has? */
  readonly mayEnd: boolean
  /** In milliseconds. */
  readonly wait: number
  readonly signal?: AbortSignal | undefined
}

/** Starts a copy, observes it, and removes it, also after an abort. */
export async function runCopy(request: ContainerCreateRequest, observe: Observe): Promise<Ran> {
  const { docker, signal } = observe
  let id: string | undefined
  try {
    signal?.throwIfAborted()
    const name = `${observe.name}-hardened-${randomBytes(3).toString('hex')}`
    // After an abort, the daemon may still create it: then it has to be removed.
    const created = await withGrace(signal, CLEAN_UP_MS, (late) =>
      docker.containers.create(request, { name, signal: late }),
    )
    id = created.Id
    signal?.throwIfAborted()
    await docker.containers.start(id, { signal })
    return await observeCopy(id, request, observe)
  } catch (error) {
    if (!isRefusal(error)) throw error
    return { ok: false, state: 'refused', message: error.daemonMessage ?? error.got, log: [], changes: [] }
  } finally {
    if (id !== undefined) await removeAll(docker.containers, id)
  }
}

/** Of the settings; others, such as a missing permission, say nothing about them. */
function isRefusal(error: unknown): error is DockerApiError {
  return [BadRequestError, ConflictError, NotFoundError, ServerError].some((refusal) => error instanceof refusal)
}

async function observeCopy(id: string, { Healthcheck }: ContainerCreateRequest, observe: Observe): Promise<Ran> {
  const { docker, wait, signal, mayEnd } = observe
  const message = Healthcheck ? await untilHealthy(id, observe) : await untilEnd(id, observe)
  const { State } = await docker.containers.inspect(id, { signal })
  const isHealthy = State.Health?.Status === 'healthy'
  const log = await lastLines(id, observe)
  const changes = await docker.containers.changes(id, { signal, timeout: wait }).catch(() => {
    signal?.throwIfAborted()
    return []
  })
  const seen = { log, changes, ...(message !== undefined && { message }) }
  if (State.Running) {
    const state = !Healthcheck ? 'running' : isHealthy ? 'healthy' : 'unhealthy'
    return { ok: state !== 'unhealthy', state, ...seen }
  }
  const isFine = mayEnd && State.ExitCode === 0
  const ended = { exitCode: State.ExitCode, oomKilled: State.OOMKilled }
  return { ok: isFine, state: isFine ? 'finished' : 'exited', ...ended, ...seen }
}

/** @returns what its healthcheck printed last, if it did not succeed */
async function untilHealthy(id: string, { docker, wait, signal }: Observe): Promise<string | undefined> {
  try {
    await docker.containers.waitHealthy(id, { timeout: wait, signal })
    return undefined
  } catch (error) {
    if (!(error instanceof HealthError)) throw error
    return error.checks.at(-1)?.output.trim()
  }
}

/** Waits until it ends, or the time is up. */
async function untilEnd(id: string, { docker, wait, signal }: Observe): Promise<undefined> {
  try {
    await docker.containers.wait(id, { timeout: wait, signal })
  } catch (error) {
    if (!isDockerMtlsError(error, 'ERR_CALL_TIMEOUT')) throw error
  }
  return undefined
}

const LINES = 10

async function lastLines(id: string, { docker, signal, wait }: Observe): Promise<string[]> {
  const lines: string[] = []
  try {
    const stream = await docker.containers.logs(id, { tail: LINES, signal, timeout: wait })
    for await (const line of stream.lines()) lines.push(line)
  } catch {
    signal?.throwIfAborted()
  }
  return lines.slice(-LINES)
}
