import { randomBytes } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import { pack } from 'tar-stream'
import type { DockerClient } from '../../engine/client.ts'
import { NotFoundError, ProvisionError } from '../../base/errors.ts'
import { command, sentence } from '../../base/sentence.ts'
import { systemReason } from '../../base/system-error.ts'
import { runStep, type OnStep, type StepTalk } from '../../base/progress.ts'
import { removeAll } from '../../engine/workflows/clean-up.ts'
import { judgeIdMap, type IdMapping } from './uid-map.ts'
import { isKnownMachine, waitProgram, type Machine } from './wait-program.ts'

/** Options of {@link verifyUserns}. */
export interface UsernsVerificationOptions {
  /** Reads /proc/PID/uid_map on the daemon's host as root, and obeys the signal itself. */
  readonly readUidMap: (pid: number) => Promise<string>
  /** The expected root of containers on the host; without it, anybody but root. */
  readonly rootUid?: number | undefined
  readonly signal?: AbortSignal | undefined
  readonly onStep?: OnStep | undefined
}

/** The result. */
export type UsernsVerification =
  | {
      readonly verified: true
      /** Of a container's first process. */
      readonly uidMap: readonly IdMapping[]
      /** The containers' root on the host. */
      readonly remappedRoot: number
    }
  | {
      readonly verified: false
      /** A sentence without a full stop. */
      readonly reason: string
    }

/** The limit for each call, in milliseconds; all of them take the daemon moments. */
const PATIENCE_MS = 30_000
const REPOSITORY = 'docker-mtls-userns'

/**
 * Runs a container and checks from outside that its root is another user on the host. The image has only one program of ours,
 * so that no registry is needed. Container and image are removed in any case.
 *
 * @param docker - the daemon
 * @returns the result; `verified: false` on a machine that docker-mtls has no program for
 * @throws {@link ProvisionError} ERR_USERNS_NOT_IN_FORCE, ERR_HOST_UNREADABLE
 * @throws {@link DockerApiError} if the daemon refuses a call
 */
export function verifyUserns(docker: DockerClient, options: UsernsVerificationOptions): Promise<UsernsVerification> {
  const name = { step: 'userns', title: "check a container's user namespace from outside" }
  return runStep(options.onStep, name, (talk) => verifyMapping(docker, options, talk))
}

async function verifyMapping(
  docker: DockerClient,
  options: UsernsVerificationOptions,
  talk: StepTalk,
): Promise<UsernsVerification> {
  const { signal } = options
  const { SecurityOptions, Architecture, OSType } = await docker.info({ signal })
  if (!SecurityOptions.some((option) => /^name=userns(,|$)/.test(option))) {
    throw new ProvisionError('ERR_USERNS_NOT_IN_FORCE', {
      tried: 'asking dockerd for its security options',
      got: `user namespaces are off: ${SecurityOptions.join(' ')}`,
      todo: 'Start dockerd with --userns-remap, or set "userns-remap" in daemon.json, and restart it.',
    })
  }
  const machine = OSType === 'linux' ? Architecture : OSType
  if (!isKnownMachine(machine)) {
    const reason = `dockerd reports user namespaces as on, but docker-mtls has no test program for ${machine}, so no container was checked`
    talk.result(`not verified on ${machine}`)
    return { verified: false, reason }
  }
  const image = `${REPOSITORY}:${randomBytes(8).toString('hex')}`
  const seen = await withImage(docker, image, machine, options, (pid) => readMap(pid, options))
  const judged = judgeIdMap(seen, options.rootUid)
  talk.result(`a container's root is ${judged.remappedRoot} on the host`)
  return { verified: true, ...judged }
}

/** An aborted import or create may still succeed, and nobody would remove its result, so these calls aren't aborted. */
async function withImage(
  docker: DockerClient,
  image: string,
  machine: Machine,
  { signal }: UsernsVerificationOptions,
  inspect: (pid: number) => Promise<string>,
): Promise<string> {
  const tar = await imageOf(machine)
  signal?.throwIfAborted()
  return afterwards(
    async () => {
      await docker.images.import(tar, { repo: image, signal: patience() })
      signal?.throwIfAborted()
      return withContainer(docker, image, signal, inspect)
    },
    () => docker.images.remove(image, { force: true, signal: patience() }),
  )
}

async function withContainer(
  docker: DockerClient,
  image: string,
  signal: AbortSignal | undefined,
  inspect: (pid: number) => Promise<string>,
): Promise<string> {
  const name = image.replace(':', '-')
  return afterwards(
    async () => {
      await docker.containers.create({ Image: image, ...SETTINGS }, { name, signal: patience() })
      await docker.containers.start(name, { signal })
      const { State } = await docker.containers.inspect(name, { signal })
      return inspect(State.Pid)
    },
    () => removeAll(docker.containers, name),
  )
}

/** As few privileges as possible. Even if we are killed, the container ends by itself and is removed. */
const SETTINGS = {
  Cmd: ['/wait'],
  Labels: { [REPOSITORY]: '' },
  HostConfig: {
    NetworkMode: 'none',
    AutoRemove: true,
    ReadonlyRootfs: true,
    CapDrop: ['ALL'],
    SecurityOpt: ['no-new-privileges'],
    LogConfig: { Type: 'none', Config: {} },
  },
}

async function imageOf(machine: Machine): Promise<Buffer> {
  const tar = pack()
  tar.entry({ name: 'wait', mode: 0o755 }, waitProgram(machine))
  tar.finalize()
  return buffer(tar)
}

function patience(): AbortSignal {
  return AbortSignal.timeout(PATIENCE_MS)
}

/** Does the work, then cleans up. Of two failures, the first one is reported. */
async function afterwards<Result>(work: () => Promise<Result>, cleanUp: () => Promise<unknown>): Promise<Result> {
  const clean = async (): Promise<void> => {
    try {
      await cleanUp()
    } catch (error) {
      // It was never created, or is removed already.
      if (!(error instanceof NotFoundError)) throw error
    }
  }
  let result: Result
  try {
    result = await work()
  } catch (error) {
    await clean().catch(() => undefined)
    throw error
  }
  await clean()
  return result
}

async function readMap(pid: number, { readUidMap, signal }: UsernsVerificationOptions): Promise<string> {
  signal?.throwIfAborted()
  const tried = `reading /proc/${pid}/uid_map on the daemon's host`
  if (pid === 0) {
    const todo = sentence`Find the reason in dockerd's log:  ${command('journalctl', '-u', 'docker.service')}`
    throw new ProvisionError('ERR_HOST_UNREADABLE', { tried, got: 'the container has ended', todo })
  }
  try {
    return await readUidMap(pid)
  } catch (cause) {
    signal?.throwIfAborted()
    throw new ProvisionError('ERR_HOST_UNREADABLE', {
      tried,
      got: cause instanceof Error ? systemReason(cause) : String(cause),
      todo: 'Run this on the host of the daemon, as root, with /proc mounted.',
      cause,
    })
  }
}
