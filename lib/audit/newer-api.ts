import { compareVersions, NEWEST_API_VERSION } from '../base/api-version.ts'
import type { VersionFacts } from './snapshot/daemon-schema.ts'

/** What mends it. */
export const UPGRADE =
  'Upgrade docker-mtls, also on the hosts of its gateways and plugins: npm install docker-mtls@latest'

/**
 * Says what docker-mtls doesn't know of an engine that is newer. Undefined: it knows all of its API.
 *
 * @param behind - the version of the daemon's API if a gateway says that it doesn't know it
 */
export function newerApi(
  { Version, ApiVersion, BuildTime }: Partial<Pick<VersionFacts, 'Version' | 'ApiVersion' | 'BuildTime'>>,
  behind?: string,
): string | undefined {
  const speaks = behind ?? ApiVersion
  // A gateway tells its clients of no version that it doesn't know.
  const known = (behind !== undefined && ApiVersion) || NEWEST_API_VERSION
  if (speaks === undefined || compareVersions(speaks, known) <= 0) return undefined
  const day = /^\d{4}-\d\d-\d\d/.exec(BuildTime ?? '')?.[0]
  const engine = `Docker Engine ${Version ?? ''}${day === undefined ? '' : ` of ${day}`}`
  const who = behind === undefined ? 'this docker-mtls' : 'the gateway'
  return `${engine} speaks API ${speaks}, and ${who} knows it up to ${known}: nothing that is new since ${after(known)}`
}

const after = (version: string): string => version.replace(/\d+$/, (minor) => String(Number(minor) + 1))
