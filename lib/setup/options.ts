import type { RequestedApply } from '../apply/options.ts'
import type { OnStep } from '../base/progress.ts'
import type { RequestedGateways } from './gateway/options.ts'

/** The options of {@link inspectHosts} and of the later steps of a setup. */
export interface SetupOptions {
  /** The folder of the CA, the hosts and the clients. */
  readonly dir: string
  /** The client that connects, and whose certificate the context uses. */
  readonly client: string
  /** Additional names of a single host. The context uses the first of them. */
  readonly names: readonly string[]
  /** DOCKER_CONFIG, where the context is created. Absent: no context is created. */
  readonly config?: string | undefined
  /** The name of the context, for a single host. @defaultValue the name of the host */
  readonly context?: string | undefined
  /** Replaces a context of that name even if it points to another host, or connects as another client. */
  readonly force: boolean
  /** Sets up a host even if its daemon accepts clients of a CA that the folder has never had. */
  readonly replaceCa: boolean
  readonly requested: Omit<RequestedApply, 'server' | 'override'>
  /** Puts a gateway in front of each daemon. Of the requested settings, only listen and liveRestore count then. */
  readonly gateway?: RequestedGateways | undefined
  /** In seconds: see CarryOutOptions. */
  readonly rollbackAfter?: number | undefined
  readonly signal?: AbortSignal | undefined
  readonly onStep?: OnStep | undefined
}
