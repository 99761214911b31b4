import { enumerate } from '../../base/text.ts'
import { known, tlsCheck, type Check } from '../check.ts'
import { DAEMON_PORTS } from '../neighbours.ts'
import { fail, notApplicable, pass, unknown, warn } from '../verdict.ts'

const PROTECT = 'https://docs.docker.com/engine/security/protect-access/'

const around = tlsCheck({
  id: 'T-AROUND',
  title: 'No usual port of the daemon is open beside its gateway',
  severity: 'critical',
  cis: {},
  why: 'The policy of a gateway holds only for those who come through it. If dockerd itself also listens on the network, each client certificate of its CA makes its owner root on the host, also a revoked one.',
  remedy:
    'Leave dockerd only its local socket: remove tcp://... from "hosts" in daemon.json or from -H, and the tls settings, and restart it. With the files of the host, F-AROUND checks all ports: docker-mtls audit --host ssh://USER@HOST',
  references: [PROTECT],
  test: ({ neighbours }, { gateway }) => {
    if (known(gateway) === null) return notApplicable('no gateway of docker-mtls is in front of the daemon')
    const seen = known(neighbours).filter(({ port }) => DAEMON_PORTS.has(port))
    const [open, secured, silent] = (['docker', 'refused', 'silent'] as const).map((answer) =>
      seen.filter((one) => one.answer === answer),
    ) as [typeof seen, typeof seen, typeof seen]
    if (open.length > 0) return fail(`Docker answers without TLS on port ${ports(open)}`)
    if (secured.length > 0)
      return warn(`port ${ports(secured)} refuses requests without TLS: this may be dockerd itself, or another gateway`)
    if (silent.length > 0) return unknown(`port ${ports(silent)} is open, and did not answer in time`)
    return pass(`closed: port ${ports(seen)}`)
  },
})

function ports(seen: readonly { readonly port: number }[]): string {
  return enumerate(seen.map(({ port }) => String(port)))
}

/** What is beside a gateway, as seen from outside. */
export const GATEWAY: readonly Check[] = [around]
