import type { RequestedApply } from '../apply/options.ts'
import type { OnStep } from '../base/progress.ts'

/** What {@link inspectHosts} and the steps behind it are told. */
export interface SetupOptions {
  /** The folder of the authority, of the hosts and of the clients. */
  readonly dir: string
  /** The client that proves, and that the context is for. */
  readonly client: string
  /** More names by which one host is reached. The first of them is the one that goes into the context. */
  readonly names: readonly string[]
  /** DOCKER_CONFIG, where a context shall be made. Absent: none. */
  readonly config?: string | undefined
  /** What the context of the one host shall be called. @defaultValue as the host */
  readonly context?: string | undefined
  /** Replaces a context of that name that leads elsewhere. */
  readonly force: boolean
  /** Sets a host up whose daemon takes clients of an authority that the folder has never had. */
  readonly replaceCa: boolean
  readonly requested: Omit<RequestedApply, 'server' | 'override'>
  /** In seconds: see ApplyOptions. */
  readonly rollbackAfter?: number | undefined
  readonly signal?: AbortSignal | undefined
  readonly onStep?: OnStep | undefined
}
