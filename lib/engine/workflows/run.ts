import { ConnectionError, isDockerMtlsError } from '../../base/errors.ts'
import { checkFields } from '../body-fields/check.ts'
import { CREATE } from '../containers/operations.ts'
import type { Containers } from '../containers/containers.ts'
import type { Images } from '../images/images.ts'
import type { RunOptions, RunResult } from './options.ts'
import type { ContainerCreateRequest, ContainerCreateResponse } from '../containers/types/create.ts'
import type { HostConfig } from '../containers/types/host-config.ts'
import { CLEAN_UP_MS, removeAll, withGrace } from './clean-up.ts'
import { checkInput } from '../stream/input.ts'
import { converse, withStdin } from './conversation.ts'
import { checkPull, pullOptions, withImage } from './pull-first.ts'
import { allInTime } from './in-time.ts'
import { checkWhole, Received } from './whole-output.ts'
import { checkAutoRemove, checkCommand, checkImage, RUN, splitOptions } from './check-options.ts'

/** The parts of the client that a run needs. */
export interface RunOn {
  readonly containers: Containers
  readonly images: Images
}

/** Implements {@link DockerClient.run}. */
export async function runContainer(
  on: RunOn,
  image: string,
  command: readonly string[],
  given: RunOptions,
): Promise<RunResult> {
  checkImage(image)
  checkCommand(RUN.name, command)
  const { settings, options } = splitOptions(RUN, given)
  checkPull('run()', options.pull)
  checkAutoRemove(settings)
  options.signal?.throwIfAborted()
  const body = bodyOf(image, command, settings, options)
  return withStdin('run()', options, (stdin) =>
    allInTime('run()', options, (step) => runOnce(on, body, { ...options, ...stdin, ...step })),
  )
}

async function runOnce(on: RunOn, body: ContainerCreateRequest, options: RunOptions): Promise<RunResult> {
  checkInput(options.stdin)
  const { Id } = await createPulling(on, body, options)
  const remove = (): Promise<void> => removeAll(on.containers, Id)
  try {
    const result = await runAttached(on.containers, Id, options)
    if (options.remove !== false) await remove()
    return result
  } catch (error) {
    const isRemoved =
      options.remove !== false &&
      (await remove().then(
        () => true,
        () => false,
      ))
    // The first error says more.
    if (isDockerMtlsError(error, 'ERR_CALL_TIMEOUT')) throw lateRun(Id, isRemoved, options, error)
    throw isRemoved ? error : leftBehind(Id, options, error)
  }
}

/** Names the container that a lost connection has left, so that somebody can remove it. It runs on without the connection. */
function leftBehind(id: string, { remove }: RunOptions, error: unknown): unknown {
  if (!(error instanceof ConnectionError)) return error
  return new ConnectionError(error.code, {
    tried: error.tried,
    got: `${error.got}. The container ${id.slice(0, 12)} of run() ${remove === false ? '' : 'could not be removed, and '}may go on`,
    todo: `Remove it when the daemon answers again:  docker.containers.remove('${id}', { force: true })`,
    cause: error,
  })
}

/** Says what became of the container. */
function lateRun(id: string, isRemoved: boolean, { timeout }: RunOptions, cause: unknown): ConnectionError {
  return new ConnectionError('ERR_CALL_TIMEOUT', {
    tried: `calling run() with the container ${id}`,
    got: `it had not ended after ${timeout} ms${isRemoved ? ', and was removed' : ', and may go on'}`,
    todo: isRemoved
      ? 'Check the command and the load of the daemon, or increase the option timeout.'
      : `Remove it when you no longer need it:  docker.containers.remove('${id}', { force: true })`,
    cause,
  })
}

function bodyOf(
  image: string,
  command: readonly string[],
  settings: object,
  { tty = false, stdin }: RunOptions,
): ContainerCreateRequest {
  const attached = stdin !== undefined
  return {
    ...settings,
    Image: image,
    ...(command.length > 0 && { Cmd: command }),
    Tty: tty,
    OpenStdin: attached,
    StdinOnce: attached,
    AttachStdin: attached,
    AttachStdout: true,
    AttachStderr: true,
  }
}

async function createPulling(
  on: RunOn,
  body: ContainerCreateRequest,
  options: RunOptions,
): Promise<ContainerCreateResponse> {
  const { signal, idleTimeout, pull = 'never' } = options
  if (pull === 'always' && options.allowUnknown !== true) checkFields(CREATE, body)
  return withImage(
    pull,
    async () => on.images.pull(body.Image ?? '', pullOptions(options, { signal, idleTimeout })),
    () => create(on.containers, body, options),
  )
}

/**
 * After an abort or a short silence the daemon may still create the container. So this waits for it, and the caller removes
 * it.
 */
function create(
  containers: Containers,
  body: ContainerCreateRequest,
  { name, platform, signal, idleTimeout, allowUnknown }: RunOptions,
): Promise<ContainerCreateResponse> {
  const named = { ...(name !== undefined && { name }), ...(platform !== undefined && { platform }) }
  return withGrace(signal, CLEAN_UP_MS, (late) =>
    containers.create(body, { ...named, signal: late, idleTimeout: atLeastGrace(idleTimeout), allowUnknown }),
  )
}

/** 0 is no limit. */
function atLeastGrace(idleTimeout: number | undefined): number | undefined {
  return idleTimeout ? Math.max(idleTimeout, CLEAN_UP_MS) : idleTimeout
}

/** Attaches before the container starts, so that no output is missed. */
async function runAttached(containers: Containers, id: string, options: RunOptions): Promise<RunResult> {
  const { signal, idleTimeout, stdin } = options
  const step = { signal, idleTimeout }
  signal?.throwIfAborted()
  const stream = await containers.attach(id, { stdin: stdin !== undefined, ...step })
  try {
    // A program must not run with an input that is missing.
    checkInput(stdin)
    await containers.start(id, step)
  } catch (error) {
    await stream.close()
    throw error
  }
  const received = new Received()
  const output = await converse(stream, options, ({ stream: name, data }) => received.add(name, data))
  await containers.wait(id, step)
  const { State, HostConfig } = await containers.inspect(id, step)
  const { ExitCode, OOMKilled } = State
  if (!restarts(HostConfig)) await checkWhole(containers, id, received, step)
  return { id, exitCode: ExitCode, oomKilled: OOMKilled, ...output }
}

/** Then the log has the output of several starts. */
function restarts({ RestartPolicy }: HostConfig): boolean {
  return !['', 'no', undefined].includes(RestartPolicy?.Name)
}
