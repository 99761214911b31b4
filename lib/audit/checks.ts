import type { Check } from './check.ts'
import { CONTAINER_CONFINEMENT } from './checks/container-confinement.ts'
import { CONTAINER_HOST_ACCESS } from './checks/container-host-access.ts'
import { CONTAINER_IMAGE } from './checks/container-image.ts'
import { CONTAINER_MOUNTS } from './checks/container-mounts.ts'
import { CONTAINER_NAMESPACES } from './checks/container-namespaces.ts'
import { CONTAINER_PORTS } from './checks/container-ports.ts'
import { CONTAINER_PRIVILEGES } from './checks/container-privileges.ts'
import { CERTIFICATE_CHECKS } from './checks/certificates.ts'
import { TLS_CHECKS } from './checks/tls.ts'
import { DAEMON_ISOLATION } from './checks/daemon-isolation.ts'
import { DAEMON_PARTS } from './checks/daemon-parts.ts'
import { DAEMON_PLUGINS } from './checks/daemon-plugins.ts'
import { CONTAINER_RESOURCES } from './checks/container-resources.ts'
import { DAEMON_SETTINGS } from './checks/daemon-settings.ts'
import { DAEMON_TLS } from './checks/daemon-tls.ts'
import { GATEWAY } from './checks/gateway.ts'
import { HOST_ACCESS } from './checks/host-access.ts'
import { HOST_AUDITD } from './checks/host-auditd.ts'
import { HOST_FILES } from './checks/host-files.ts'
import { HOST_KEYS } from './checks/host-keys.ts'
import { HOST_SETTINGS } from './checks/host-settings.ts'
import { IMAGES } from './checks/images.ts'
import { NETWORKS } from './checks/networks.ts'
import { SWARM_CHECKS } from './checks/swarm.ts'
import { VERSIONS } from './checks/versions.ts'

/** All checks, in the order of the report. */
export const CHECKS: readonly Check[] = [
  ...TLS_CHECKS,
  ...GATEWAY,
  ...CERTIFICATE_CHECKS,
  ...DAEMON_TLS,
  ...DAEMON_ISOLATION,
  ...DAEMON_SETTINGS,
  ...DAEMON_PARTS,
  ...DAEMON_PLUGINS,
  ...VERSIONS,
  ...NETWORKS,
  ...SWARM_CHECKS,
  ...CONTAINER_PRIVILEGES,
  ...CONTAINER_CONFINEMENT,
  ...CONTAINER_NAMESPACES,
  ...CONTAINER_HOST_ACCESS,
  ...CONTAINER_MOUNTS,
  ...CONTAINER_RESOURCES,
  ...CONTAINER_PORTS,
  ...CONTAINER_IMAGE,
  ...IMAGES,
  ...HOST_FILES,
  ...HOST_KEYS,
  ...HOST_SETTINGS,
  ...HOST_AUDITD,
  ...HOST_ACCESS,
]
