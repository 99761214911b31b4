import { isDockerMtlsError } from '../../../base/errors.ts'
import { parsePolicy } from '../../../policy/file/parse.ts'
import { rulesThatBuild } from '../../../policy/builders.ts'
import type { Policy, Who } from '../../../policy/file/types.ts'
import type { PowerfulRule, ServiceFacts } from './schema.ts'

/** Adds what the policies of services say: which rules have the level `privileged`, and with which others one may build. */
export function withPolicies(services: readonly ServiceFacts[], texts: ReadonlyMap<string, string>): ServiceFacts[] {
  return services.map((service) => {
    const text = service.policy === null ? undefined : texts.get(service.policy)
    return text === undefined ? service : { ...service, ...rulesIn(text) }
  })
}

/** The message of a policy error may quote the file, so it stays out. */
function rulesIn(text: string): Pick<ServiceFacts, 'powerful' | 'builders'> {
  try {
    const policy = parsePolicy(text, 'the policy')
    return { powerful: { value: powerfulRules(policy) }, builders: { value: rulesThatBuild(policy) } }
  } catch (error) {
    if (!isDockerMtlsError(error)) throw error
    const refused = { unknown: 'docker-mtls policy check refuses it, and so would a service that starts' }
    return { powerful: refused, builders: refused }
  }
}

function powerfulRules({ rules }: Policy): PowerfulRule[] {
  return rules
    .filter(({ level }) => level.enforce === 'privileged')
    .map(({ name, who }) => ({ name, ...callersOf(who) }))
}

/** All conditions hold, so the narrowest counts. */
function callersOf(who: Who): Pick<PowerfulRule, 'callers' | 'count'> {
  const counts = [who.commonName, who.dns, who.uri, who.ip, who.fingerprint].flatMap((names) => names?.length ?? [])
  if (counts.length > 0) return { callers: 'named', count: Math.min(...counts) }
  if (who.socket) return { callers: 'socket', count: who.socket.length }
  if (who.organizationalUnit) return { callers: 'group', count: who.organizationalUnit.length }
  return { callers: who.issuer ? 'issuer' : 'any', count: 0 }
}
