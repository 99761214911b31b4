import type { Vulnerability } from './vulnerability.ts'

/** In containerd. The newest first. CVE-2026-95839 is absent: its fixed versions are not known yet. */
export const CONTAINERD: readonly Vulnerability[] = [
  {
    ids: ['CVE-2026-53489', 'CVE-2026-53492'],
    component: 'containerd',
    fixed: ['2.1.9', '2.3.2'],
    severity: 'medium',
    why: 'The CRI plugin restores crafted checkpoints. Only Kubernetes uses this plugin.',
    applies: 'cri',
    confirmed: true,
  },
  {
    ids: ['CVE-2026-47262'],
    component: 'containerd',
    fixed: ['1.7.33', '2.0.10', '2.1.9', '2.2.5', '2.3.2'],
    severity: 'medium',
    why: 'An image with a crafted group file exhausts the memory of the host when its container is started.',
    confirmed: true,
  },
  {
    ids: ['CVE-2024-25621'],
    component: 'containerd',
    fixed: ['1.7.29', '2.0.7', '2.1.5', '2.2.0'],
    severity: 'medium',
    why: 'Users of the host can enter folders of containerd, and read or change files of containers.',
    confirmed: false,
  },
  {
    ids: ['CVE-2020-15257'],
    component: 'containerd',
    fixed: ['1.3.9', '1.4.3'],
    severity: 'high',
    why: 'A container in the network of the host can control the shims of other containers, and so become root on the host.',
    confirmed: false,
  },
]
