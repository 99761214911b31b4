import { daemonCheck, type Check } from '../check.ts'
import { fail, pass, reported, unknown, type Verdict } from '../verdict.ts'
import type { InfoFacts } from '../snapshot/daemon-schema.ts'

const PROTECT = 'https://docs.docker.com/engine/security/protect-access/'
const SKEW_MS = 60_000

const plaintext = daemonCheck({
  id: 'D-TLS-PLAIN',
  title: 'The daemon warns of no listener without TLS',
  family: 'tls',
  severity: 'critical',
  cis: { '1.6': ['2.7'], '1.8': ['2.8'] },
  why: 'Whoever reaches the listener can start a privileged container, and so becomes root on the host. A web page that is opened in a browser of the network is enough.',
  remedy:
    'Set "tlsverify": true, "tlscacert", "tlscert" and "tlskey" in daemon.json, or run docker-mtls setup. Then restart the daemon.',
  fix: { settings: {}, apply: [] },
  references: [PROTECT, 'https://docs.docker.com/engine/security/#docker-daemon-attack-surface'],
  needs: ['info'],
  test: ({ info }) => listenerWarning(info, /accessible on http:\/\/(\S+)/i, 'without TLS'),
})

const unverified = daemonCheck({
  id: 'D-TLS-NOVERIFY',
  title: 'The daemon warns of no TLS listener that accepts clients without a certificate',
  family: 'tls',
  severity: 'critical',
  cis: { '1.6': ['2.7'], '1.8': ['2.8'] },
  why: 'TLS then only encrypts. Whoever reaches the listener can start a privileged container, and so becomes root on the host.',
  remedy: 'Set "tlsverify": true and "tlscacert" in daemon.json, and restart the daemon.',
  fix: { settings: {}, apply: [] },
  references: [PROTECT],
  needs: ['info'],
  test: ({ info }) =>
    listenerWarning(
      info,
      /accessible on https:\/\/(\S+) without TLS client verification/i,
      'without client certificates',
    ),
})

/** dockerd names each such listener in a warning (moby, daemon/info.go, fillAPIInfo). */
function listenerWarning(info: InfoFacts, form: RegExp, how: string): Verdict {
  const found = reported(info.Warnings, 'info.Warnings').flatMap((text) => form.exec(text)?.[1] ?? [])
  return found.length > 0 ? fail(`${found.join(', ')} ${how}`) : pass()
}

const skew = daemonCheck({
  id: 'T-SKEW',
  title: 'The clock of the daemon agrees with ours',
  family: 'tls',
  severity: 'medium',
  cis: {},
  why: 'With a wrong clock, the daemon accepts expired certificates or refuses new ones, and its logs mislead.',
  remedy: 'Synchronize both clocks: timedatectl set-ntp true',
  references: ['https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.5'],
  needs: ['info', 'infoAt'],
  test: ({ info, infoAt }) => {
    const time = Date.parse(reported(info.SystemTime, 'info.SystemTime'))
    if (Number.isNaN(time)) return unknown('the daemon reported no valid time')
    const seconds = Math.round((time - infoAt) / 1000)
    const detail = `${Math.abs(seconds)} s ${seconds < 0 ? 'behind' : 'ahead'}`
    return Math.abs(time - infoAt) < SKEW_MS ? pass(detail) : fail(detail)
  },
})

/** The listeners and the clock of the daemon, as it reports them. */
export const DAEMON_TLS: readonly Check[] = [plaintext, unverified, skew]
