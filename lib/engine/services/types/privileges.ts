/** What a service's containers may do, and what they may not. */
export interface ContainerPrivileges {
  /** Windows alone: a managed service account. One of its three fields. */
  readonly CredentialSpec?: ContainerCredentialSpec | null
  /** SELinux settings. */
  readonly SELinuxContext?: ContainerSelinux | null
  /** Since API 1.44. */
  readonly Seccomp?: ContainerSeccomp
  /** Since API 1.44. */
  readonly AppArmor?: ContainerAppArmor
  /** No program can get more rights than who starts it. Since API 1.44. @defaultValue `false` */
  readonly NoNewPrivileges?: boolean
}

/** Where the account's description is. */
export interface ContainerCredentialSpec {
  /** Id of a config that the service refers to with `Runtime`. */
  readonly Config?: string
  /** Name of a file in `CredentialSpecs` below the daemon's data folder. */
  readonly File?: string
  /** Name of a value in the registry of Windows. */
  readonly Registry?: string
}

/** SELinux labels. */
export interface ContainerSelinux {
  /** @defaultValue `false` */
  readonly Disable?: boolean
  /** The label's user. */
  readonly User?: string
  /** The label's role. */
  readonly Role?: string
  /** The label's type. */
  readonly Type?: string
  /** The label's level. */
  readonly Level?: string
}

/** Which system calls there are. */
export interface ContainerSeccomp {
  /** @defaultValue `default` */
  readonly Mode?: 'default' | 'unconfined' | 'custom'
  /** With `custom`: the profile's JSON in base64. The specification says JSON, and the daemon decodes base64. */
  readonly Profile?: string
}

/** Whether AppArmor's usual profile holds. */
export interface ContainerAppArmor {
  /** @defaultValue `default` */
  readonly Mode?: 'default' | 'disabled'
}
