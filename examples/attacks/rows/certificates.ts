import type { Attack } from '../attack.ts'
import { ask, byAnyOf, type Pair, type Way } from '../stage/ask.ts'
import type { Target } from '../stage/target.ts'

async function logIn(way: Way): Promise<string> {
  const { Version } = JSON.parse(await ask(way, { path: '/version' })) as { Version: string }
  return `logged in, and controls Docker ${Version}`
}

function logInWith({ port }: Target, pair: Pair): Promise<string> {
  return logIn({ name: 'the attacker', port, tls: pair })
}

/** Attacks on the daemon's decision whom it lets in. */
export const CERTIFICATES: readonly Attack[] = [
  {
    id: 'no-certificate',
    title: 'Anyone logs in over TLS',
    attacker: 'anyone who reaches the port',
    setup: 'tls-only',
    wrong: 'dockerd has `--tls` without `--tlsverify`',
    how: '`--tls` alone only encrypts. The daemon has a certificate, and so the port looks secure. But dockerd asks its clients for none.',
    attempt: ({ strangers }) => byAnyOf(strangers, logIn),
    refusal: /without a certificate: TLS alert, certificate required/,
    stoppedBy: '--tlsverify',
    defence: 'dockerd has `--tlsverify`. docker-mtls renders no configuration without it.',
    signs: [
      { check: 'T-NOVERIFY', ours: 'pass' },
      { check: 'D-TLS-NOVERIFY', ours: 'pass' },
    ],
  },
  {
    id: 'server-certificate',
    title: 'The key of one host opens the others',
    attacker: 'anyone who can read the key of one daemon, on its host or in a backup',
    setup: 'naive',
    wrong: "the server's certificate has no extended key usage, as with many scripts, or has `clientAuth`",
    how: "A certificate without an extended key usage is valid for all purposes, so dockerd accepts it from a client, too. The server's key then logs in to every daemon that trusts the same CA.",
    attempt: (target) => logInWith(target, target.server),
    refusal: /^TLS alert, bad certificate$/,
    stoppedBy: 'a certificate for servers only',
    defence:
      'docker-mtls issues certificates for servers with the purpose `serverAuth` alone, and for clients with `clientAuth` alone. dockerd checks that.',
    signs: [{ check: 'T-EKU-S', ours: 'pass' }],
  },
  {
    id: 'any-ca',
    title: 'Anyone logs in with a certificate of a public CA',
    attacker: 'anyone who reaches the port and has a client certificate of a CA that the system trusts',
    setup: 'system-cas',
    wrong: '`--tlscacert` is empty, for example because a variable in the unit has no value',
    how: 'Without a CA of its own, dockerd accepts clients of every CA that the system trusts. It still refuses clients without a certificate, so nobody notices.',
    attempt: (target) => logInWith(target, target.bought),
    refusal: /^TLS alert, (unknown ca|certificate required)$/,
    stoppedBy: '--tlscacert with your CA alone',
    defence: 'dockerd trusts your CA and no other. docker-mtls renders no configuration without `--tlscacert`.',
    signs: [{ check: 'D-TLS-SYSROOTS', ours: 'pass' }],
  },
  {
    id: 'stolen-key',
    title: 'A thief logs in with a revoked certificate',
    attacker: 'anyone who has the files of a client, such as the thief of a laptop',
    setup: 'naive',
    wrong: 'the certificate has not expired. Here, it is valid for ten years',
    how: "dockerd doesn't check revocation, even if the file with the CA also contains a list of revoked certificates. A stolen key works until its certificate expires, or until the daemon no longer trusts the CA.",
    attempt: (target) => logInWith(target, target.stolen),
    stoppedBy: 'nothing, until the certificate expires',
    defence:
      'dockerd alone stops nothing. Behind a [gateway](gateway.md#revoke-a-certificate), `cert revoke` ends it within a second. Certificates of docker-mtls are valid for 397 days by default, so a key works for about a year, and not for ten.',
    remains:
      '[Replace the CA](guide-lost-key.md). Until then, block access in the firewall. Let certificates expire soon, and [renew them automatically](guide-renewal.md).',
    signs: [{ check: 'T-LIFE', ours: 'pass' }],
  },
]
