import type { RequestedApply } from '../apply/options.ts'
import type { OnStep } from '../base/progress.ts'

/** What {@link inspectHosts} and the steps behind it are told. */
export interface SetupOptions {
  /** The folder of the CA, the hosts and the clients. */
  readonly dir: string
  /** The client that connects, and that the context is for. */
  readonly client: string
  /** More names of one host. The first of them goes into the context. */
  readonly names: readonly string[]
  /** DOCKER_CONFIG, to create a context in. Absent: no context. */
  readonly config?: string | undefined
  /** The name of the context, for a single host. @defaultValue the name of the host */
  readonly context?: string | undefined
  /** Replaces a context of that name that points elsewhere. */
  readonly force: boolean
  /** Sets up a host whose daemon accepts clients of a CA that the folder has never had. */
  readonly replaceCa: boolean
  readonly requested: Omit<RequestedApply, 'server' | 'override'>
  /** In seconds: see ApplyOptions. */
  readonly rollbackAfter?: number | undefined
  readonly signal?: AbortSignal | undefined
  readonly onStep?: OnStep | undefined
}
