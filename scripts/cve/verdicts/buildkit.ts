import type { Verdict } from '../verdict.ts'

/** In the BuildKit that dockerd contains. `fixed` has the first engine with the fixed BuildKit, by its go.mod. */
export const BUILDKIT: readonly Verdict[] = [
  {
    ids: ['CVE-2026-15788', 'CVE-2026-15789', 'CVE-2026-15791', 'CVE-2026-15792', 'CVE-2026-15793'],
    component: 'buildkit',
    reached: 'yes',
    severity: 'medium',
    source: 'GHSA',
    why: 'An attacker who controls the source of a build can inject commands through a git bundle, crash the builder, or write and remove files outside the build.',
    fixed: ['29.6.2'],
  },
  {
    ids: ['GHSA-7236-3392-c5c6'],
    component: 'buildkit',
    reached: 'yes',
    severity: 'low',
    source: 'GHSA',
    why: 'A frontend that a Dockerfile names with `# syntax=` can run steps without seccomp and AppArmor.',
    fixed: ['29.6.1'],
  },
  {
    ids: ['GHSA-72x6-4j93-7w86'],
    component: 'buildkit',
    reached: 'yes',
    severity: 'low',
    source: 'docker-mtls',
    why: 'A crafted group file in an image exhausts the memory of the builder.',
    fixed: ['29.6.1'],
  },
  {
    ids: ['CVE-2026-33747', 'CVE-2026-33748'],
    component: 'buildkit',
    reached: 'yes',
    severity: 'high',
    source: 'GHSA',
    why: 'An untrusted frontend can write files outside the build, and a crafted git address can read files outside its repository.',
    fixed: ['29.3.1'],
  },
  {
    ids: ['CVE-2024-23652', 'CVE-2024-23650', 'CVE-2024-23651', 'CVE-2024-23653'],
    component: 'buildkit',
    reached: 'yes',
    severity: 'high',
    source: 'docker-mtls',
    why: 'A malicious Dockerfile or frontend can remove or read files of the host, run a privileged container, or crash the builder.',
    fixed: ['25.0.2'],
  },
]
