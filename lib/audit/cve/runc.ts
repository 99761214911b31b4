import type { Vulnerability } from './vulnerability.ts'

/** In runc. The newest first. */
export const RUNC: readonly Vulnerability[] = [
  {
    ids: ['CVE-2026-41579'],
    component: 'runc',
    fixed: ['1.3.6', '1.4.3', '1.5.0-rc.3'],
    severity: 'high',
    why: 'An image whose /dev is a symbolic link can make runc create device files elsewhere.',
    confirmed: true,
  },
  {
    ids: ['CVE-2025-31133', 'CVE-2025-52565', 'CVE-2025-52881'],
    component: 'runc',
    fixed: ['1.2.8', '1.3.3', '1.4.0-rc.3'],
    severity: 'high',
    why: 'A malicious image can redirect masked paths, /dev/console or writes to /proc, and so break out of its container.',
    confirmed: true,
  },
  {
    ids: ['CVE-2024-45310'],
    component: 'runc',
    fixed: ['1.1.14', '1.2.0-rc.3'],
    severity: 'low',
    why: 'Two containers that share a volume can create empty files and folders on the host.',
    confirmed: true,
  },
  {
    ids: ['CVE-2024-21626'],
    component: 'runc',
    fixed: ['1.1.12'],
    severity: 'high',
    why: 'Because of a leaked file descriptor, an image can choose a working directory on the host, and so break out of its container.',
    confirmed: true,
  },
  {
    ids: ['CVE-2023-28642', 'CVE-2023-25809', 'CVE-2023-27561'],
    component: 'runc',
    fixed: ['1.1.5'],
    severity: 'medium',
    why: 'An image whose /proc is a symbolic link can avoid AppArmor and SELinux, and a rootless container can write to the cgroup of its user.',
    confirmed: true,
  },
  {
    ids: ['CVE-2022-29162'],
    component: 'runc',
    fixed: ['1.1.2'],
    severity: 'low',
    why: 'Commands that are started in a container have inheritable capabilities, which an attacker can gain with programs that have file capabilities.',
    confirmed: true,
  },
  {
    ids: ['CVE-2021-43784'],
    component: 'runc',
    fixed: ['1.0.3'],
    severity: 'low',
    why: 'A client that may set the mounts of a container can change its other settings through an integer overflow.',
    confirmed: true,
  },
  {
    ids: ['CVE-2021-30465'],
    component: 'runc',
    fixed: ['1.0.0-rc95'],
    severity: 'high',
    why: 'Several containers that share a volume can swap a path during a mount, and so reach the file system of the host.',
    confirmed: false,
  },
]
