import type { Vulnerability } from './vulnerability.ts'

/** In the Go runtime of dockerd, the kernel, and Docker Desktop. */
export const OTHER: readonly Vulnerability[] = [
  {
    ids: ['CVE-2026-97032', 'CVE-2026-78659', 'CVE-2026-78663', 'CVE-2026-78669'],
    component: 'go',
    fixed: ['1.26.9'],
    severity: 'medium',
    why: 'A client that speaks HTTP/2 can crash dockerd, or exhaust its memory or CPU time.',
    confirmed: true,
    parallelLines: true,
    group: 'D-GO',
  },
  {
    ids: ['CVE-2022-0492'],
    component: 'kernel',
    fixed: ['4.9.301', '4.14.266', '4.19.229', '5.4.177', '5.10.97', '5.15.20', '5.16.6', '5.17'],
    severity: 'high',
    why: 'On cgroup v1, an attacker in a container that creates a user namespace can set release_agent, which the kernel runs as root on the host.',
    applies: 'cgroup1',
    confirmed: false,
    group: 'D-KERNEL',
  },
  {
    ids: ['CVE-2025-9074'],
    component: 'desktop',
    fixed: ['4.44.3'],
    severity: 'high',
    why: 'Containers reach the API of Docker Desktop without a certificate, and so control the daemon.',
    confirmed: false,
  },
]
