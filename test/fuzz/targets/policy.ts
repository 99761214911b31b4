import {
  identityOfCertificate,
  parsePolicy,
  type ImagePattern,
  type Policy,
  type PolicyRule,
} from '../../../lib/policy.ts'
import { createAuthority, issueClient, issueServer } from '../../../lib/pki.ts'
import { matchRule } from '../../../lib/policy/who/match.ts'
import { demand, type Target } from '../target.ts'

const POLICY = `version: 1
rules:
  - name: ci # of the team
    who:
      commonName: ann
      organizationalUnit: [ci, 'dev']
      dns: build.example.com
      uri: spiffe://example.com/ci
      ip: 10.0.0.1
      fingerprint: ${'ab'.repeat(32)}
    level: { enforce: baseline, audit: restricted }
    allow:
      operations: [images.push, exec.*]
      hostPaths:
        - { path: /srv/app, readOnly: true }
      capabilities: [NET_BIND_SERVICE]
      devices: [/dev/fuse]
    only:
      images: ['registry.example.com/team/*', "alpine"]
    deny:
      networks:
        - >-
          web
  - name: rest
    who: { any: true }
    level: read-only
`

/** A policy is read the same when it is written again, and has no text that could deceive a reader of logs. */
function readPolicy(bytes: Buffer): void {
  const policy = parsePolicy(bytes.toString('utf8'), 'policy.yaml')
  demand(Object.isFrozen(policy.rules), 'the rules can be changed')
  for (const { name, who, level } of policy.rules) {
    demand(/^[\w.-]+$/.test(name), `a rule has the name ${name}`)
    demand(Object.keys(who).length > 0, 'a rule has no condition')
    demand(['read-only', 'restricted', 'baseline', 'privileged'].includes(level.enforce), 'there is another level')
  }
  const stranger = matchRule(policy, { socket: '' })
  demand(stranger === undefined || stranger.who.any === true, 'a stranger has a rule')
  const written = JSON.stringify(inFile(policy))
  demand(JSON.stringify(inFile(parsePolicy(written, 'policy.json'))) === written, 'it reads differently as JSON')
}

/** As in a file. */
function inFile({ version, rules }: Policy): unknown {
  const written = rules.map(({ deny, only, ...rule }) => ({
    ...rule,
    deny: { ...deny, images: textsOf(deny.images) },
    only: { ...only, ...(only.images && { images: textsOf(only.images) }) },
  }))
  // A privileged rule has no exceptions, not even empty ones.
  return { version, rules: written.map((rule) => (rule.level.enforce === 'privileged' ? withoutLimits(rule) : rule)) }
}

const textsOf = (images: readonly ImagePattern[]): string[] => images.map(({ text }) => text)

function withoutLimits({ name, who, level }: Pick<PolicyRule, 'name' | 'who' | 'level'>): object {
  return { name, who, level }
}

/** No name of a certificate has a character that a policy can't have. */
function readIdentity(bytes: Buffer): void {
  const identity = identityOfCertificate(bytes)
  demand('certificate' in identity, 'a certificate is a socket')
  const { commonName = '', organizationalUnits, dns, uris, ips } = identity.certificate
  for (const name of [commonName, ...organizationalUnits, ...dns, ...uris, ...ips])
    demand(!/[\p{Cc}\p{Cf}\p{Cs}\ufffd]/u.test(name), `a name is ${JSON.stringify(name)}`)
}

async function certificates(): Promise<Buffer[]> {
  const ca = await createAuthority()
  const server = await issueServer(ca, { names: ['build.example.com', '10.0.0.1', '2001:db8::1'] })
  const client = await issueClient(ca, { name: 'ann' })
  const lines = [ca.certificate, server.cert, client.cert].map((pem) => pem.replace(/-----[^-]+-----/g, ''))
  return lines.map((text) => Buffer.from(text, 'base64'))
}

const WORDS = [
  '&a ',
  '*a',
  '!!str ',
  '<<: ',
  '- ',
  '? ',
  ': ',
  '{',
  '}',
  '[',
  ']',
  '|\n',
  '>-\n',
  '---\n',
  '"',
  "'",
  '#',
  '__proto__',
]

export const targets: readonly Target[] = [
  // The parser takes several milliseconds for a KiB of lines with little in them.
  { name: 'policy', seeds: () => [POLICY], words: WORDS, read: readPolicy, pace: 8 },
  { name: 'policy-identity', seeds: certificates, format: 'der', read: readIdentity },
]
