import type { HostFacts } from '../../host/facts.ts'
import type { Change } from '../changes.ts'
import { remove } from '../remove/targets.ts'
import { GATEWAY_FILES, gatewayFlags, GATEWAY_FOLDER } from './files.ts'
import { issuerFilesIn } from './issuer-files.ts'
import type { PlannedIssuer, RequestedGateway } from './requested.ts'

/** The folder of the issuer that a gateway has now. */
export function issuerFolder(facts: HostFacts): string | undefined {
  return gatewayFlags(facts).issuer
}

/** The requested issuer, or else the one that is there. */
export function planIssuer({ issuer }: RequestedGateway, facts: HostFacts): PlannedIssuer | undefined {
  if (issuer === false) return undefined
  if (issuer !== undefined) return { folder: GATEWAY_FOLDER, cert: issuer.cert, texts: issuer }
  const folder = issuerFolder(facts)
  return folder === undefined ? undefined : { folder, cert: facts.file(issuerFilesIn(folder).cert)?.text }
}

/** Without an issuer, nobody needs its files any more. Those in another folder belong to somebody else. */
export function issuerRemovals({ issuer }: RequestedGateway, { file }: HostFacts): Change[] {
  if (issuer !== false) return []
  return [GATEWAY_FILES.issuerCert, GATEWAY_FILES.issuerKey].flatMap((path) => {
    const before = file(path)
    return before === undefined ? [] : [remove(before)]
  })
}
