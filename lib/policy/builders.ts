import { Facts } from './facts.ts'
import type { Policy, PolicyRule } from './file/types.ts'
import { readRequest } from './reading/read.ts'
import { reasonsAt } from './reasons.ts'

/** A build of which nobody sees what its Dockerfile fetches. */
const BUILD = readRequest({
  method: 'POST',
  target: '/build?version=2',
  headers: { 'content-type': 'application/x-tar' },
})

/** The names of the rules whose callers aren't root on the host, and may build. */
export function rulesThatBuild({ rules }: Policy): string[] {
  return rules.filter((rule) => rule.level.enforce !== 'privileged' && mayBuild(rule)).map(({ name }) => name)
}

function mayBuild(rule: PolicyRule): boolean {
  const on = { level: rule.level.enforce, rule, facts: new Facts(), need: () => {} }
  return 'operation' in BUILD && reasonsAt(BUILD, on).length === 0
}
