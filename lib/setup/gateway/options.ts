import type { GatewayPlan } from '../../apply/gateway/plan.ts'
import type { PolicyChoice } from '../../apply/gateway/requested.ts'
import type { ProgramCopy } from './program-copy.ts'

/** The gateways that a setup puts in front of the daemons. */
export interface RequestedGateways {
  readonly program: ProgramCopy
  /**
   * Chooses the policy for a host: the requested one, or the one that the host has, or a new one.
   *
   * @throws {@link PolicyError} ERR_POLICY_INVALID
   */
  readonly policyFor: PolicyChoice
  /**
   * Checks the certificates and revocation lists of a gateway together, as it does when it starts. The issuer of a gateway stays on
   * its host.
   *
   * @throws {@link IdentityError} ERR_GATEWAY_TLS_INVALID
   * @throws {@link PkiError} ERR_CRL_INVALID
   */
  readonly checkTrust: (files: Pick<GatewayPlan, 'server' | 'crl'>) => Promise<void>
}
