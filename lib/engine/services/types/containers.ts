import type { HealthConfig } from '../../types/health.ts'
import type { Mount } from '../../types/mounts.ts'
import type { Ulimit } from '../../types/resources.ts'
import type { ContainerPrivileges } from './privileges.ts'

/** The containers of a service. */
export interface ContainerSpec {
  /** `name:tag` or `name@digest`. The Docker CLI writes the digest, so that all nodes run the same; the daemon doesn't. */
  readonly Image?: string
  /** Of the containers, not of the service. */
  readonly Labels?: Readonly<Record<string, string>>
  /** In place of the image's entrypoint. */
  readonly Command?: readonly string[]
  /** In place of the image's command. */
  readonly Args?: readonly string[]
  /** May be a template: `{{.Node.Hostname}}-{{.Task.Slot}}`. */
  readonly Hostname?: string
  /** `NAME=value`. Anyone who may look at the service sees it: secrets have {@link ContainerSpec.Secrets}. */
  readonly Env?: readonly string[]
  /** Working directory. @defaultValue the image's */
  readonly Dir?: string
  /** Name or number, `user:group`. @defaultValue the image's */
  readonly User?: string
  /** Further groups. */
  readonly Groups?: readonly string[]
  /** Security settings of the platform: SELinux, seccomp, AppArmor. */
  readonly Privileges?: ContainerPrivileges
  /** A terminal. @defaultValue `false` */
  readonly TTY?: boolean
  /** @defaultValue `false` */
  readonly OpenStdin?: boolean
  /** Of the root file system. @defaultValue `false` */
  readonly ReadOnly?: boolean
  /**
   * Docker Engine 26 leaves `CreateMountpoint`, `ReadOnlyNonRecursive` and `ReadOnlyForceRecursive` of `BindOptions` out of
   * services, whatever its API version says: {@link Services.inspect} shows what it has kept.
   */
  readonly Mounts?: readonly Mount[]
  /** @defaultValue the image's, else `SIGTERM` */
  readonly StopSignal?: string
  /** Nanoseconds from the stop signal until it is killed. @defaultValue 10 s */
  readonly StopGracePeriod?: number
  /** The specification writes `HealthCheck`; this is how the daemon does. */
  readonly Healthcheck?: HealthConfig
  /** Lines for /etc/hosts: `192.0.2.1 name alias`. */
  readonly Hosts?: readonly string[]
  /** For /etc/resolv.conf. @defaultValue the daemon's */
  readonly DNSConfig?: ContainerDns
  /** Secrets that the container sees as files. */
  readonly Secrets?: readonly SecretReference[]
  /** -1000 to 1000: the higher, the earlier the kernel ends it when memory is short. Since API 1.46. @defaultValue `0` */
  readonly OomScoreAdj?: number
  /** Configs that the container sees as files. */
  readonly Configs?: readonly ConfigReference[]
  /** Windows alone. @defaultValue the daemon's */
  readonly Isolation?: 'default' | 'process' | 'hyperv' | ''
  /** A program of the daemon's as process 1, which forwards signals and reaps. @defaultValue the daemon's */
  readonly Init?: boolean
  /** Kernel parameters of its namespaces: `{ 'net.core.somaxconn': '1024' }`. */
  readonly Sysctls?: Readonly<Record<string, string>>
  /** Besides the usual ones: `CAP_NET_ADMIN`. Since API 1.41. */
  readonly CapabilityAdd?: readonly string[]
  /** Of the usual ones; `ALL` for all. Since API 1.41. */
  readonly CapabilityDrop?: readonly string[]
  /** Since API 1.41. */
  readonly Ulimits?: readonly Ulimit[]
}

/** How containers look names up (resolv.conf(5)). */
export interface ContainerDns {
  /** IP addresses. */
  readonly Nameservers?: readonly string[]
  /** Domains. */
  readonly Search?: readonly string[]
  /** E.g. `ndots:3`. */
  readonly Options?: readonly string[]
}

/** A secret that a service's containers find as a file. */
export interface SecretReference {
  /** No file, no secret. */
  readonly File: ReferenceFile
  /** What counts. */
  readonly SecretID: string
  /** For people, but it has to be the secret's own. */
  readonly SecretName: string
}

/** A config that a service's containers find as a file, or that the daemon itself reads: one of both. */
export interface ConfigReference {
  /** The file that the container sees. */
  readonly File?: ReferenceFile
  /** Not mounted: `Privileges.CredentialSpec.Config` names it. Has no fields. */
  readonly Runtime?: Readonly<Record<string, never>>
  /** What counts. */
  readonly ConfigID: string
  /** For people, but it has to be the config's own. */
  readonly ConfigName: string
}

/** The file of a secret or of a config in a container. */
export interface ReferenceFile {
  /** A path; a relative one is below /run/secrets for secrets, below / for configs. */
  readonly Name: string
  /** A number, as text. */
  readonly UID: string
  /** A number, as text. */
  readonly GID: string
  /** Permissions as a number: `0o440`. */
  readonly Mode: number
}
