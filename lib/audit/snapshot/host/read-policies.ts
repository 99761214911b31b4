import { isDockerMtlsError } from '../../../base/errors.ts'
import { parsePolicy } from '../../../policy/file/parse.ts'
import type { Who } from '../../../policy/file/types.ts'
import type { Part } from '../snapshot.ts'
import type { PowerfulRule, ServiceFacts } from './schema.ts'

/** Adds what the policies of services say, of which only the rules with the level `privileged` are kept. */
export function withPolicies(services: readonly ServiceFacts[], texts: ReadonlyMap<string, string>): ServiceFacts[] {
  return services.map((service) => {
    const text = service.policy === null ? undefined : texts.get(service.policy)
    return text === undefined ? service : { ...service, powerful: powerfulRules(text) }
  })
}

/** The message of a policy error may quote the file, so it stays out. */
function powerfulRules(text: string): Part<PowerfulRule[]> {
  try {
    const { rules } = parsePolicy(text, 'the policy')
    return {
      value: rules
        .filter(({ level }) => level.enforce === 'privileged')
        .map(({ name, who }) => ({ name, ...callersOf(who) })),
    }
  } catch (error) {
    if (!isDockerMtlsError(error)) throw error
    return { unknown: 'docker-mtls policy check refuses it, and so would a service that starts' }
  }
}

/** All conditions hold, so the narrowest counts. */
function callersOf(who: Who): Pick<PowerfulRule, 'callers' | 'count'> {
  const counts = [who.commonName, who.dns, who.uri, who.ip, who.fingerprint].flatMap((names) => names?.length ?? [])
  if (counts.length > 0) return { callers: 'named', count: Math.min(...counts) }
  if (who.socket) return { callers: 'socket', count: who.socket.length }
  if (who.organizationalUnit) return { callers: 'group', count: who.organizationalUnit.length }
  return { callers: who.issuer ? 'issuer' : 'any', count: 0 }
}
