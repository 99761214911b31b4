import type { SetUpHost } from '../../setup/apply-to-hosts.ts'
import type { Outcome } from '../../setup/for-each-host.ts'
import type { InspectedHost } from '../../setup/inspect-hosts.ts'
import type { IssuedCertificates } from '../../setup/issue-certificates.ts'
import type { SetupOptions } from '../../setup/options.ts'
import type { PlannedHost } from '../../setup/plan-hosts.ts'
import type { Warning } from '../../base/warning.ts'
import type { Context } from '../command.ts'
import { OF_DAEMON, plannedData, plansText, type ApplyRows, type Data, type ReachedSetup } from './setup.ts'

/** A host with any plan. */
export interface PlannedThere extends InspectedHost {
  readonly plan: {
    readonly warnings: readonly Warning[]
    readonly conflicts: readonly unknown[]
    readonly isPending: boolean
  }
}

/** How setup secures hosts: it lets dockerd listen with TLS, or puts a gateway in front of it. */
export interface Way<Planned extends PlannedThere, Done extends ReachedSetup> {
  readonly plan: (
    seen: readonly Outcome<InspectedHost>[],
    certified: IssuedCertificates,
    options: SetupOptions,
  ) => Promise<Outcome<Planned>[]>
  readonly planDryRun: (seen: readonly Outcome<InspectedHost>[], options: SetupOptions) => Promise<Outcome<Planned>[]>
  readonly apply: (
    planned: readonly Outcome<Planned>[],
    certified: IssuedCertificates,
    options: SetupOptions,
  ) => Promise<Outcome<Done>[]>
  /** Does anything change there? If not, nobody is asked. */
  readonly isChanged: (host: Planned) => boolean
  /** The question before hosts are changed. */
  readonly question: (hosts: string) => string
  readonly plansText: (hosts: readonly Planned[], context: Context, isAll: boolean) => string
  readonly plannedData: Data<Planned>
  readonly done: ApplyRows<Done> & { readonly data: Data<Done> }
}

/** dockerd listens with TLS. */
export const DAEMON_WAY: Way<PlannedHost, SetUpHost> = {
  plan: async (...args) => (await import('../../setup/plan-hosts.ts')).planHosts(...args),
  planDryRun: async (...args) => (await import('../../setup/plan-hosts.ts')).planDryRun(...args),
  apply: async (...args) => (await import('../../setup/apply-to-hosts.ts')).applyToHosts(...args),
  isChanged: ({ plan }) => plan.restarts,
  question: (hosts) => `Write these files and restart docker on ${hosts}?`,
  plansText,
  plannedData,
  done: OF_DAEMON,
}
