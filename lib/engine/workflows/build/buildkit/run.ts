import { randomBytes } from 'node:crypto'
import { linkSignals } from '../../../../base/abort.ts'
import type { GrpcMethods } from '../../../../transport/grpc.ts'
import type { Send } from '../../../send.ts'
import type { BuildEvent } from '../events.ts'
import { findBuildFiles, type BuildFiles } from '../files.ts'
import { follow } from '../follow.ts'
import type { ImageBuildResult } from '../options.ts'
import type { BuildPlan } from '../plan.ts'
import { findAuthIn } from '../registry-auth.ts'
import { SecretStore } from '../secrets.ts'
import { authService } from './auth-service.ts'
import { fileSync } from './file-sync.ts'
import { BuildkitReader } from './reader.ts'
import { secretService } from './secret-service.ts'
import { openBuildSession } from './session.ts'
import { dockerfileName, foldersOf } from './synced-folder.ts'

/**
 * How long the daemon may take to say how a build ended whose session was lost, in milliseconds. It may not have noticed:
 * something in between has cut only this connection.
 */
const LAST_WORDS_MS = 2_000

/** Builds with BuildKit: a session for the files that the daemon reads, and a request that names it. */
export async function* runBuildkit(
  send: Send,
  plan: BuildPlan,
): AsyncGenerator<BuildEvent, ImageBuildResult, undefined> {
  const { source, options, dockerfileOption } = plan
  const { signal, idleTimeout, dockerfile } = options
  const files = source.kind === 'folder' ? await findBuildFiles(source.path, dockerfile, dockerfileOption) : undefined
  const faults: unknown[] = []
  const methods = await servicesOf(plan, files, (error) => faults.push(error))
  let timer: NodeJS.Timeout | undefined
  const onLost = (reason: unknown): void => {
    timer = setTimeout(() => linked.abort(reason), LAST_WORDS_MS)
  }
  const session = await openBuildSession(send, { methods, root: files?.root, signal, idleTimeout, onLost })
  const linked = linkSignals(signal)
  try {
    const query = { buildid: randomId(), ...plan.query, ...contextOf(plan, files), version: '2', session: session.id }
    const body = source.kind === 'tar' ? { body: source.body, headers: { 'content-type': 'application/x-tar' } } : {}
    return yield* follow(
      send,
      { options: { ...query, signal: linked.signal, idleTimeout }, ...body },
      new BuildkitReader(),
    )
  } catch (error) {
    // If the failure happened here, the daemon's error only repeats it.
    throw faults.length > 0 && signal?.aborted !== true ? faults[0] : error
  } finally {
    clearTimeout(timer)
    linked.unlink()
    session.close()
  }
}

const randomId = (): string => randomBytes(16).toString('hex')

async function servicesOf(
  { options: { secrets = {}, auth } }: BuildPlan,
  files: BuildFiles | undefined,
  onFault: (error: unknown) => void,
): Promise<GrpcMethods> {
  return {
    ...(files && fileSync(foldersOf(files), onFault)),
    ...secretService(await SecretStore.load(secrets), onFault),
    ...authService(findAuthIn(auth), onFault),
  }
}

/** Without `remote`, the body of the request is the context. */
function contextOf({ source }: BuildPlan, files: BuildFiles | undefined): object {
  if (files) return { remote: 'client-session', dockerfile: dockerfileName(files.dockerfile.name) }
  return source.kind === 'remote' ? { remote: source.url } : {}
}
