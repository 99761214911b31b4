/**
 * What a request is about. It has no values that may be secrets, and `*` stands for what has no usual form. A text has at most 200
 * characters, a list 20 texts, the last of which may say how many more there were. Texts such as `name`, `user` and `dockerfile` are what
 * the client wrote, valid or not: they may contain any characters, except that control and invisible ones are escaped as `<U+000A>`.
 */
export interface RequestDetails {
  /** The container: its id, if the policy had to ask for it. That of an exec is there only then. */
  readonly container?: string
  /** The id of a command in a container. */
  readonly exec?: string
  /** The image, with tag or digest. */
  readonly image?: string
  /** The network. */
  readonly network?: string
  /** The volume. */
  readonly volume?: string
  /** The service. */
  readonly service?: string
  /** The task. */
  readonly task?: string
  /** The node of a swarm. */
  readonly node?: string
  /** The secret, by its name or id. */
  readonly secret?: string
  /** The config, by its name or id. */
  readonly config?: string
  /** The plugin. */
  readonly plugin?: string
  /** The checkpoint of a container. */
  readonly checkpoint?: string
  /** The name of a link that is removed, and not the container. */
  readonly link?: string
  /** The new name, or the name of something new. */
  readonly name?: string
  /** It is privileged. */
  readonly privileged?: boolean
  /** User and group of the processes. */
  readonly user?: string
  /** Namespaces that aren't the default. */
  readonly networkMode?: string
  /** As {@link networkMode}. */
  readonly pidMode?: string
  /** As {@link networkMode}. */
  readonly ipcMode?: string
  /** As {@link networkMode}. */
  readonly utsMode?: string
  /** As {@link networkMode}. */
  readonly usernsMode?: string
  /** As {@link networkMode}. */
  readonly cgroupnsMode?: string
  /** Paths of the host without detours, first, and names of volumes. Those that can't be written to end with `:ro`. */
  readonly mounts?: readonly string[]
  /** The containers whose volumes it gets. */
  readonly volumesFrom?: readonly string[]
  /** Added capabilities. */
  readonly capAdd?: readonly string[]
  /** Paths of devices, rules for devices, and drivers or names of device requests. */
  readonly devices?: readonly string[]
  /** Security options, without profiles. */
  readonly securityOptions?: readonly string[]
  /** It sets its own list of masked or read-only paths. */
  readonly unmasked?: boolean
  /** What BuildKit is asked to let the steps of a build do. */
  readonly entitlements?: readonly string[]
  /** The runtime. */
  readonly runtime?: string
  /** The control group of the host. */
  readonly cgroupParent?: string
  /** Names of kernel parameters. */
  readonly sysctls?: readonly string[]
  /** Ports of the host and of the container: `127.0.0.1:8080->80/tcp`. */
  readonly ports?: readonly string[]
  /** It publishes all ports of the image. */
  readonly publishAll?: boolean
  /** Further networks. */
  readonly networks?: readonly string[]
  /** The secrets of a service, by name. */
  readonly secrets?: readonly string[]
  /** The configs of a service, by name. */
  readonly configs?: readonly string[]
  /** The driver of a volume, network or secret. */
  readonly driver?: string
  /** The names of the driver's options. */
  readonly driverOptions?: readonly string[]
  /** The log driver. */
  readonly logDriver?: string
  /** A network that can't be reached from elsewhere. */
  readonly internal?: boolean
  /** A path in the container. */
  readonly path?: string
  /** A folder of the host for checkpoints. */
  readonly folder?: string
  /** Several images. */
  readonly images?: readonly string[]
  /** The new names of an image. */
  readonly tags?: readonly string[]
  /** `linux/arm64`. */
  readonly platform?: string
  /** Where an import, the context of a build or a plugin comes from: a URL without login and query. */
  readonly remote?: string
  /** The Dockerfile. */
  readonly dockerfile?: string
  /** Where the result of a build goes: `image`, `local`. */
  readonly exporters?: readonly string[]
  /** The signal for a container. */
  readonly signal?: string
  /** It is forced. */
  readonly force?: boolean
  /** The removal of a container removes its volumes, too. */
  readonly removeVolumes?: boolean
  /** An update of a service brings back the one before. */
  readonly rollback?: boolean
  /** The new role of a node. */
  readonly role?: string
  /** The new availability of a node. */
  readonly availability?: string
  /** The addresses of the managers of a swarm. */
  readonly managers?: readonly string[]
  /** Query parameters that the gateway hasn't sent, because no dockerd reads them: names of known clients, or `*`. */
  readonly leftOut?: readonly string[]
  /** Something was left out, because it was too long together. */
  readonly truncated?: boolean
}
