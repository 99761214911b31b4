import { daemonCheck, type Check } from '../check.ts'
import { WITHOUT_CLIENT_CERTIFICATE, WITHOUT_TLS } from '../../base/wordings/dockerd.ts'
import type { Wording } from '../../base/wordings/wording.ts'
import { MOST_SKEW_MS } from '../clocks.ts'
import { fail, pass, reported, unknown, type Verdict } from '../verdict.ts'
import { OF_SOCKET_UNIT } from '../snapshot/host/schema.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import type { InfoFacts } from '../snapshot/daemon-schema.ts'

const PROTECT = 'https://docs.docker.com/engine/security/protect-access/'

const plaintext = daemonCheck({
  id: 'D-TLS-PLAIN',
  title: 'The daemon reports no listener without TLS',
  family: 'tls',
  severity: 'critical',
  cis: { '1.6': ['2.7'], '1.8': ['2.8'] },
  why: 'Anyone who reaches the listener can start a privileged container, and so become root on the host. A web page in a browser on the same network can be enough.',
  remedy:
    'Run docker-mtls setup ssh://USER@HOST, or set "tlsverify": true, "tlscacert", "tlscert" and "tlskey" in daemon.json and restart the daemon. Beside a gateway, remove the listener instead.',
  fix: { settings: {}, apply: [] },
  references: [PROTECT, 'https://docs.docker.com/engine/security/#docker-daemon-attack-surface'],
  needs: ['info'],
  test: ({ info }, { host }) => {
    const passed = passedWithoutTls(host)
    return passed.length > 0
      ? fail(`${passed.join(', ')} without TLS`)
      : listenerWarning(info, WITHOUT_TLS, 'without TLS')
  },
})

const unverified = daemonCheck({
  id: 'D-TLS-NOVERIFY',
  title: 'The daemon reports no TLS listener that accepts clients without a certificate',
  family: 'tls',
  severity: 'critical',
  cis: { '1.6': ['2.7'], '1.8': ['2.8'] },
  why: 'Such a listener only encrypts. Anyone who reaches it can start a privileged container, and so become root on the host.',
  remedy:
    'Set "tlsverify": true and "tlscacert" in daemon.json, remove --tlsverify=false from the command line of dockerd, and restart the daemon.',
  fix: { settings: {}, apply: [] },
  references: [PROTECT],
  needs: ['info'],
  test: ({ info }) => listenerWarning(info, WITHOUT_CLIENT_CERTIFICATE, 'without client certificates'),
})

/** dockerd says nothing of listeners that systemd passes to it. */
function passedWithoutTls(host: Snapshot['host']): string[] {
  if (host === null || !('value' in host)) return []
  const { access, settings } = host.value
  if ('unknown' in access || 'unknown' in access.value.listeners || 'unknown' in settings) return []
  if (settings.value.tls === true || settings.value.tlsverify === true) return []
  return access.value.listeners.value.filter((listener) => listener.endsWith(OF_SOCKET_UNIT))
}

/** dockerd names each such listener in a warning (moby, daemon/info.go, fillAPIInfo). */
function listenerWarning(info: InfoFacts, { pattern }: Wording, how: string): Verdict {
  const found = reported(info.Warnings, 'info.Warnings').flatMap((text) => pattern.exec(text)?.[1] ?? [])
  return found.length > 0 ? fail(`${found.join(', ')} ${how}`) : pass()
}

const skew = daemonCheck({
  id: 'T-SKEW',
  title: 'The clocks of the daemon and of this machine agree',
  family: 'tls',
  severity: 'medium',
  cis: {},
  why: 'If its clock is wrong, the daemon may accept the expired certificate of an attacker or refuse a new one, and the times in its logs are wrong.',
  remedy: 'Synchronize both clocks: timedatectl set-ntp true',
  references: ['https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.5'],
  needs: ['info', 'infoAt'],
  test: ({ info, infoAt }) => {
    const time = Date.parse(reported(info.SystemTime, 'info.SystemTime'))
    if (Number.isNaN(time)) return unknown('the daemon reported no valid time')
    const seconds = Math.round((time - infoAt) / 1000)
    const detail = `${Math.abs(seconds)} s ${seconds < 0 ? 'behind' : 'ahead'}`
    return Math.abs(time - infoAt) < MOST_SKEW_MS ? pass(detail) : fail(detail)
  },
})

/** The listeners and the clock of the daemon, as it reports them. */
export const DAEMON_TLS: readonly Check[] = [plaintext, unverified, skew]
