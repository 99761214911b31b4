import { gatewayFlags, GATEWAY_FOLDER, hasGateway } from '../../apply/gateway/files.ts'
import { endOther, hasOwnGateway, otherGateway } from '../../apply/gateway/beside.ts'
import { pathFault } from '../../apply/gateway/program.ts'
import { gatewayQuestion } from '../../apply/gateway/state.ts'
import { ProvisionError } from '../../base/errors.ts'
import { command, sentence } from '../../base/sentence.ts'
import { GATEWAY_UNIT } from '../../daemon-config/gateway-unit.ts'
import { tlsFilesIn } from '../../daemon-config/options.ts'
import { gatherFurtherFacts, type HostFacts } from '../../host/facts.ts'
import type { HostShell } from '../../host/shell.ts'
import type { SetupTarget } from '../target.ts'
import { findNode, NODE_QUESTION, wayTo } from './node.ts'
import type { RequestedGateways } from './options.ts'
import { copyQuestion } from './program-copy.ts'

/** A host on which a gateway can run. */
export interface GatewayHost {
  /** The path of its Node.js. */
  readonly node: string
  /** Does it have this very docker-mtls already? */
  readonly hasProgram: boolean
}

/** Where the gateway of a host listens; undefined if it has none. */
export function gatewayListener(facts: HostFacts): string | undefined {
  const { listen } = gatewayFlags(facts)
  return listen === undefined ? undefined : `tcp://${listen}`
}

/** The path of the CAs whose clients the gateway of a host accepts; undefined if it has none. */
export function gatewayCa(facts: HostFacts): string | undefined {
  return hasGateway(facts) ? tlsFilesIn(gatewayFlags(facts).from ?? GATEWAY_FOLDER).ca : undefined
}

/**
 * Finds everything on a host that a gateway needs. Changes nothing.
 *
 * @throws {@link ProvisionError} ERR_HOST_NO_NODE, ERR_APPLY_CONFLICT
 */
export async function inspectForGateway(
  shell: HostShell,
  known: HostFacts,
  { program }: RequestedGateways,
  signal: AbortSignal | undefined,
): Promise<GatewayHost> {
  const { folder } = program
  const more = [NODE_QUESTION, copyQuestion(program), ['parents', folder] as const]
  const facts = await gatherFurtherFacts(shell, known, { more }, signal)
  const node = await findNode(shell, facts, signal)
  const { folders, file } = wayTo(folder, facts, true)
  const fault = pathFault(folder, {
    folders: file === undefined ? folders : [...folders, file],
    file: undefined,
    isScript: true,
  })
  if (fault !== undefined) {
    throw new ProvisionError('ERR_APPLY_CONFLICT', {
      tried: `choosing a folder for docker-mtls on ${shell.name}, ${folder}`,
      got: fault,
      todo: sentence`Let everybody enter the folders above it, and only root write to them, with  ${command('chown', 'root', 'FOLDER')}  and  ${command('chmod', '755', 'FOLDER')}`,
    })
  }
  return { node, hasProgram: facts.fact('gateway-copy') === program.digest }
}

/**
 * Refuses to put dockerd on the network beside a gateway: there, no policy applies.
 *
 * @throws {@link ProvisionError} ERR_APPLY_CONFLICT
 */
export async function refuseGateway(
  known: HostFacts,
  { host, shell }: SetupTarget & { readonly shell: HostShell },
  signal: AbortSignal | undefined,
): Promise<void> {
  const facts = await gatherFurtherFacts(shell, known, { more: [gatewayQuestion()] }, signal)
  const isOwn = hasOwnGateway(facts)
  const other = isOwn ? undefined : otherGateway(facts)
  if (!isOwn && other === undefined) return
  throw new ProvisionError('ERR_APPLY_CONFLICT', {
    tried: `setting up ${host} without a gateway`,
    got: `it has one, ${other ?? GATEWAY_UNIT}, and everybody would get around its policy if dockerd listened on the network, too`,
    todo:
      other === undefined
        ? sentence`Keep the gateway:  ${command('--gateway')}`
        : sentence`On ${host}, as root: ${endOther(other)}`,
  })
}
