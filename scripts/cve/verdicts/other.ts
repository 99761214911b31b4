import type { Verdict } from '../verdict.ts'

/** In the kernel and Docker Desktop, and what is in no part of a daemon that docker-mtls connects to. */
export const OTHER: readonly Verdict[] = [
  {
    ids: ['CVE-2022-0492'],
    component: 'kernel',
    reached: 'cgroup1',
    severity: 'high',
    source: 'docker-mtls',
    why: 'On cgroup v1, an attacker in a container that creates a user namespace can set release_agent, which the kernel runs as root on the host.',
    unconfirmed: true,
    group: 'D-KERNEL',
  },
  {
    ids: ['CVE-2025-9074'],
    component: 'desktop',
    reached: 'yes',
    severity: 'high',
    source: 'docker-mtls',
    why: 'Containers reach the API of Docker Desktop without a certificate, and so control the daemon.',
    unconfirmed: true,
  },
  {
    ids: ['CVE-2025-15558', 'CVE-2021-41092'],
    reached: 'no',
    reason: 'it is in the docker command, which only a client needs',
  },
  {
    ids: ['CVE-2025-62725'],
    reached: 'no',
    reason: 'it is in Docker Compose, which only a client needs',
  },
  {
    ids: [
      'CVE-2014-3499',
      'CVE-2014-5277',
      'CVE-2014-6407',
      'CVE-2014-6408',
      'CVE-2014-9356',
      'CVE-2014-9357',
      'CVE-2014-9358',
      'CVE-2015-3627',
      'CVE-2015-3629',
      'CVE-2015-3630',
      'CVE-2015-3631',
      'CVE-2016-3697',
      'CVE-2016-9962',
    ],
    reached: 'no',
    reason: 'it was fixed before Docker Engine 19.03, and docker-mtls connects to no older one',
  },
]
