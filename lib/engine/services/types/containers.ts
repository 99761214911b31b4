import type { HealthConfig } from '../../types/health.ts'
import type { Mount } from '../../types/mounts.ts'
import type { Ulimit } from '../../types/resources.ts'
import type { ContainerPrivileges } from './privileges.ts'

/** The containers of a service. */
export interface ContainerSpec {
  /**
   * `name:tag` or `name@digest`. With a digest, all nodes run the same image. The Docker CLI adds it, the daemon
   * doesn't.
   */
  readonly Image?: string
  /** Labels of the containers, not of the service. */
  readonly Labels?: Readonly<Record<string, string>>
  /** Replaces the image's entrypoint. */
  readonly Command?: readonly string[]
  /** Replaces the image's command. */
  readonly Args?: readonly string[]
  /** May be a template: `{{.Node.Hostname}}-{{.Task.Slot}}`. */
  readonly Hostname?: string
  /** `NAME=value`. Everyone who can inspect the service sees them, so pass secrets as {@link ContainerSpec.Secrets}. */
  readonly Env?: readonly string[]
  /** Working directory. @defaultValue the image's */
  readonly Dir?: string
  /** A name or an id, or `user:group`. @defaultValue the image's */
  readonly User?: string
  /** Additional groups. */
  readonly Groups?: readonly string[]
  /** Security settings of the platform: SELinux, seccomp, AppArmor. */
  readonly Privileges?: ContainerPrivileges
  /** Allocate a terminal. @defaultValue `false` */
  readonly TTY?: boolean
  /** @defaultValue `false` */
  readonly OpenStdin?: boolean
  /** Mount the root file system read-only. @defaultValue `false` */
  readonly ReadOnly?: boolean
  /**
   * Docker Engine 26 ignores `CreateMountpoint`, `ReadOnlyNonRecursive` and `ReadOnlyForceRecursive` of `BindOptions`
   * in services, despite its API version: {@link Services.inspect} shows the stored settings.
   */
  readonly Mounts?: readonly Mount[]
  /** @defaultValue the image's, else `SIGTERM` */
  readonly StopSignal?: string
  /** Nanoseconds between the stop signal and SIGKILL. @defaultValue 10 s */
  readonly StopGracePeriod?: number
  /** The health check. */
  readonly Healthcheck?: HealthConfig
  /** Lines for /etc/hosts: `192.0.2.1 name alias`. */
  readonly Hosts?: readonly string[]
  /** Settings of /etc/resolv.conf. @defaultValue the daemon's */
  readonly DNSConfig?: ContainerDns
  /** Secrets that the container sees as files. */
  readonly Secrets?: readonly SecretReference[]
  /**
   * -1000 to 1000: the kernel kills processes with a higher score first when memory runs out. Since API 1.46.
   *
   * @defaultValue `0`
   */
  readonly OomScoreAdj?: number
  /** Configs that the container sees as files. */
  readonly Configs?: readonly ConfigReference[]
  /** Windows only. @defaultValue the daemon's */
  readonly Isolation?: 'default' | 'process' | 'hyperv' | ''
  /**
   * Run an init process as process 1, which forwards signals and reaps processes.
   *
   * @defaultValue the daemon's setting
   */
  readonly Init?: boolean
  /** Kernel parameters of its namespaces: `{ 'net.core.somaxconn': '1024' }`. */
  readonly Sysctls?: Readonly<Record<string, string>>
  /** Additional capabilities: `CAP_NET_ADMIN`. Since API 1.41. */
  readonly CapabilityAdd?: readonly string[]
  /** Removed default capabilities; `ALL` for all. Since API 1.41. */
  readonly CapabilityDrop?: readonly string[]
  /** Resource limits of processes. Since API 1.41. */
  readonly Ulimits?: readonly Ulimit[]
}

/** DNS settings of containers (resolv.conf(5)). */
export interface ContainerDns {
  /** IP addresses of name servers. */
  readonly Nameservers?: readonly string[]
  /** Search domains. */
  readonly Search?: readonly string[]
  /** E.g. `ndots:3`. */
  readonly Options?: readonly string[]
}

/** A secret that a service's containers see as a file. */
export interface SecretReference {
  /** The file in the container. Required. */
  readonly File: ReferenceFile
  /** The id of the secret. */
  readonly SecretID: string
  /** The name of the secret. It must match the id. */
  readonly SecretName: string
}

/** A config that a service's containers see as a file, or that the daemon itself reads. */
export interface ConfigReference {
  /** The file that the container sees. */
  readonly File?: ReferenceFile
  /** Don't mount it, since `Privileges.CredentialSpec.Config` refers to it. Has no fields. */
  readonly Runtime?: Readonly<Record<string, never>>
  /** The id of the config. */
  readonly ConfigID: string
  /** The name of the config. It must match the id. */
  readonly ConfigName: string
}

/** The file of a secret or of a config in a container. */
export interface ReferenceFile {
  /** A path; a relative one is below /run/secrets for secrets, below / for configs. */
  readonly Name: string
  /** The user id, as text. */
  readonly UID: string
  /** The group id, as text. */
  readonly GID: string
  /** Permissions as a number: `0o440`. */
  readonly Mode: number
}
