import type { InfoFacts } from './snapshot/daemon-schema.ts'
import { reported } from './verdict.ts'

/** Whether the daemon keeps images in containerd, rather than with a graph driver. */
export function usesContainerdStore({ DriverStatus }: InfoFacts): boolean {
  return reported(DriverStatus, 'info.DriverStatus').some(([, value]) => value === 'io.containerd.snapshotter.v1')
}
