import { Refusal, type Attack } from '../attack.ts'
import { ask, byAnyOf } from '../stage/ask.ts'
import { create, proof, run } from '../stage/containers.ts'

const MUTUAL_TLS = {
  stoppedBy: 'TLS with client certificates',
  defence:
    'With `--tlsverify`, dockerd requires a client certificate of your CA. It answers plain HTTP with status 400, and ends a connection without a certificate with a TLS alert.',
} as const
const REFUSED = /without TLS: HTTP 400, .*without a certificate: TLS alert, certificate required/

/** The attacks of somebody who only reaches the port. */
export const OPEN_PORT: readonly Attack[] = [
  {
    id: 'open-port',
    title: 'Anyone reads the files of the host',
    attacker: 'anyone who reaches the port',
    setup: 'plain',
    wrong: 'dockerd listens on TCP without TLS',
    how: 'The Engine API has no login. The attacker creates a container that mounts `/` of the host, and reads `/etc/shadow` in it.',
    attempt: ({ strangers, host }) =>
      byAnyOf(strangers, async (way) => {
        const script = 'cat /host/etc/shadow'
        const output = await run(way, { name: 'open-port', script, hostConfig: { Binds: ['/:/host:ro'] } })
        return `read /etc/shadow of the host: ${proof(output, host.canary)}`
      }),
    refusal: REFUSED,
    ...MUTUAL_TLS,
    signs: [
      { check: 'D-TLS-PLAIN', ours: 'pass' },
      { check: 'C-HOSTDIR', ours: 'absent' },
    ],
  },
  {
    id: 'cross-origin',
    title: 'A web page deletes containers',
    attacker: 'any web page, in a browser that reaches the port',
    setup: 'plain',
    wrong: 'dockerd listens on TCP without TLS, even if only on loopback',
    how: 'A browser sends a POST without a body to any other site, without asking that site first. `POST /containers/prune` needs no more than that, and deletes all stopped containers.',
    attempt: async ({ strangers, local }) => {
      const victim = await create(local, { name: 'cross-origin' })
      return byAnyOf(strangers, async (way) => {
        const headers = { Origin: 'https://attacker.example', 'Content-Type': 'text/plain', 'Content-Length': '0' }
        const answer = await ask(way, { method: 'POST', path: '/containers/prune', headers })
        if (!answer.includes(victim)) throw new Refusal(answer)
        return 'a request with Origin: https://attacker.example deleted a container'
      })
    },
    refusal: REFUSED,
    ...MUTUAL_TLS,
    remains:
      'A browser that has a client certificate can send it with the requests of any page. So never import one into a browser.',
    signs: [{ check: 'D-TLS-PLAIN', ours: 'pass' }],
  },
  {
    id: 'dns-rebinding',
    title: 'A web page reads from the API',
    attacker: 'any web page, in a browser that reaches the port',
    setup: 'plain',
    wrong: 'dockerd listens on TCP without TLS, even if only on loopback',
    how: "The attacker lets the name of the page's own server resolve to the address of the daemon (DNS rebinding). For the browser, this is still the same site, so the page may read all answers. dockerd doesn't check the Host header.",
    attempt: ({ strangers }) =>
      byAnyOf(strangers, async (way) => {
        const answer = await ask(way, { path: '/info', headers: { Host: 'attacker.example' } })
        const { ServerVersion, OperatingSystem } = JSON.parse(answer) as Record<string, string>
        return `Host: attacker.example was answered: Docker ${ServerVersion} on ${OperatingSystem}`
      }),
    refusal: REFUSED,
    ...MUTUAL_TLS,
    signs: [{ check: 'D-TLS-PLAIN', ours: 'pass' }],
  },
]
