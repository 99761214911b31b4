/** Security settings of a service's containers. */
export interface ContainerPrivileges {
  /** Windows only: a managed service account. Set one of its three fields. */
  readonly CredentialSpec?: ContainerCredentialSpec | null
  /** SELinux settings. */
  readonly SELinuxContext?: ContainerSelinux | null
  /** Allowed system calls. Since API 1.44. */
  readonly Seccomp?: ContainerSeccomp
  /** The AppArmor profile. Since API 1.44. */
  readonly AppArmor?: ContainerAppArmor
  /** Processes can't gain privileges, e.g. through set-user-ID programs. Since API 1.44. @defaultValue `false` */
  readonly NoNewPrivileges?: boolean
}

/** The source of the account's description. */
export interface ContainerCredentialSpec {
  /** The id of a config that the service refers to with `Runtime`. */
  readonly Config?: string
  /** The name of a file in `CredentialSpecs` of the daemon's data folder. */
  readonly File?: string
  /** The name of a value in the Windows registry. */
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

/** The allowed system calls. */
export interface ContainerSeccomp {
  /** @defaultValue `default` */
  readonly Mode?: 'default' | 'unconfined' | 'custom'
  /** With `custom`: the profile's JSON in base64. The specification says plain JSON, but the daemon decodes base64. */
  readonly Profile?: string
}

/** Whether the default AppArmor profile applies. */
export interface ContainerAppArmor {
  /** @defaultValue `default` */
  readonly Mode?: 'default' | 'disabled'
}
