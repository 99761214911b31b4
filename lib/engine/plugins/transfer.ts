import { PULLED_DIGEST } from '../../base/wordings/streams.ts'
import { parseReference } from '../../registry/reference.ts'
import type { Named } from '../api-error.ts'
import { checkOptions } from '../call.ts'
import { authHeaders } from '../images/registry-auth.ts'
import { pushFold } from '../images/push.ts'
import type { Operation } from '../operation.ts'
import { PUSH } from './operations.ts'
import type { PluginPullOptions, PluginRegistryOptions, PluginPrivilege, PluginPullResult } from './types.ts'
import { registryProgress, type RegistryCall } from '../images/registry-progress.ts'
import type { Send } from '../send.ts'
import { unfinished, type Fold } from '../stream/calls.ts'
import type { Progress } from '../stream/progress.ts'
import type { PullMessage, PushedTag, PushMessage } from '../images/types/progress.ts'

/** A plugin to pull, and its granted privileges. */
export interface PluginPull {
  /** The name of the plugin to replace. */
  readonly ids?: readonly string[]
  readonly remote: string
  readonly privileges: readonly PluginPrivilege[]
  readonly options: PluginPullOptions
}

/** Implements {@link Plugins.pull} and {@link Plugins.upgrade}. */
export function pullPlugin(
  send: Send,
  operation: Operation,
  { ids = [], remote, privileges, options }: PluginPull,
): Progress<PullMessage, PluginPullResult> {
  const prepare = async (): Promise<RegistryCall> => {
    const names = { remote }
    const { auth } = checkOptions(operation, options, names)
    const reference = parseReference(remote)
    const headers = await authHeaders(auth, reference)
    return { call: { ids, names, body: privileges, options, headers }, registry: reference.domain }
  }
  return registryProgress(send, operation, prepare, pullFold)
}

function pullFold(request: Named): Fold<PullMessage, PluginPullResult> {
  let digest: string | undefined
  return {
    add: ({ status = '' }) => {
      digest = PULLED_DIGEST.pattern.exec(status)?.[1] ?? digest
    },
    result: () => {
      if (digest === undefined) throw unfinished(request)
      return { digest }
    },
  }
}

/** Implements {@link Plugins.push}. */
export function pushPlugin(send: Send, name: string, options: PluginRegistryOptions): Progress<PushMessage, PushedTag> {
  const prepare = async (): Promise<RegistryCall> => {
    const { auth } = checkOptions(PUSH, options)
    const reference = parseReference(name)
    const headers = await authHeaders(auth, reference)
    return { call: { ids: [name], options, headers }, registry: reference.domain }
  }
  return registryProgress(send, PUSH, prepare, (request) => {
    const { add, result } = pushFold(request)
    const pushed = (): PushedTag => {
      const { tag, digest, size } = result()
      return { tag, digest, size }
    }
    return { add, result: pushed }
  })
}
