// Written by scripts/body-fields.ts from the specification of API 1.56, with fields of older versions.

/** The form of the body of each operation, by the name of its method. */
export const BODIES: Readonly<Record<string, string>> = {
  'checkpoints.create': 'create',
  'configs.create': 'ConfigSpec',
  'configs.update': 'ConfigSpec',
  'containers.create': 'ContainerCreate',
  'containers.update': 'ContainerUpdate',
  'exec.create': 'ContainerExec',
  'exec.start': 'ExecStart',
  'images.commit': 'ContainerConfig',
  'networks.connect': 'NetworkConnectRequest',
  'networks.create': 'NetworkCreate',
  'networks.disconnect': 'NetworkDisconnectRequest',
  'nodes.update': 'NodeSpec',
  'plugins.pull': '[PluginPrivilege',
  'plugins.set': '[s',
  'plugins.upgrade': '[PluginPrivilege',
  'secrets.create': 'SecretSpec',
  'secrets.update': 'SecretSpec',
  'services.create': 'ServiceCreate',
  'services.update': 'ServiceCreate',
  'swarm.init': 'SwarmInit',
  'swarm.join': 'SwarmJoin',
  'swarm.unlock': 'SwarmUnlock',
  'swarm.update': 'SwarmSpec',
  'system.auth': 'AuthConfig',
  'volumes.create': 'VolumeCreateRequest',
  'volumes.update': 'VolumeUpdate',
}

/**
 * The fields of each type: `Name:Form`, or `Name` for any value. A form is `s` for a string, `i` for an integer, `n` for a
 * number, `b` for a boolean, `c` for a command,
 * `s=a|b` for one of these strings, or the name of a type. `[Form` is a list, and `*Form` a map.
 */
export const TYPES: Readonly<Record<string, string>> = {
  AccessMode:
    'AccessibilityRequirements:AccessibilityRequirements Availability:s=active|pause|drain BlockVolume CapacityRange:CapacityRange MountVolume:MountVolume Scope:s=single|multi Secrets:[ClusterVolumeSpec.AccessMode.Secrets Sharing:s=none|readonly|onewriter|all',
  AccessibilityRequirements: 'Preferred:[Topology Requisite:[Topology',
  AppArmor: 'Mode:s=default|disabled',
  AuthConfig: 'auth email identitytoken password:s registrytoken serveraddress:s username:s',
  BindOptions:
    'CreateMountpoint:b NonRecursive:b Propagation:s=private|rprivate|shared|rshared|slave|rslave ReadOnlyForceRecursive:b ReadOnlyNonRecursive:b',
  BlkioWeightDevice: 'Path:s Weight:i',
  CAConfig: 'ExternalCAs:[ExternalCAs ForceRotate:i NodeCertExpiry:i SigningCACert:s SigningCAKey:s',
  CapacityRange: 'LimitBytes:i RequiredBytes:i',
  ClusterVolumeSpec:
    'AccessMode:AccessMode AccessibilityRequirements:AccessibilityRequirements Availability:s CapacityRange:CapacityRange Group:s Secrets:[ClusterVolumeSpec.AccessMode.Secrets',
  'ClusterVolumeSpec.AccessMode.Secrets': 'Key:s Secret:s',
  ConfigReference: 'Network:s',
  ConfigSpec: 'Data:s Labels:*s Name:s Templating:Driver',
  Configs: 'ConfigID:s ConfigName:s File:File Runtime',
  ContainerConfig:
    'ArgsEscaped:b AttachStderr:b AttachStdin:b AttachStdout:b Cmd:c Domainname:s Entrypoint:c Env:[s ExposedPorts:* Healthcheck:HealthConfig Hostname:s Image:s Labels:*s MacAddress NetworkDisabled:b OnBuild:[s OpenStdin:b Shell:[s StdinOnce:b StopSignal:s StopTimeout:i Tty:b User:s Volumes:* WorkingDir:s',
  ContainerCreate:
    'ArgsEscaped:b AttachStderr:b AttachStdin:b AttachStdout:b Cmd:c Domainname:s Entrypoint:c Env:[s ExposedPorts:* Healthcheck:HealthConfig HostConfig:HostConfig Hostname:s Image:s Labels:*s MacAddress NetworkDisabled:b NetworkingConfig:NetworkingConfig OnBuild:[s OpenStdin:b Shell:[s StdinOnce:b StopSignal:s StopTimeout:i Tty:b User:s Volumes:* WorkingDir:s',
  ContainerExec:
    'AttachStderr:b AttachStdin:b AttachStdout:b Cmd:[s ConsoleSize:[i Detach DetachKeys:s Env:[s Privileged:b Tty:b User:s WorkingDir:s',
  ContainerSpec:
    'Args:[s CapabilityAdd:[s CapabilityDrop:[s Command:[s Configs:[Configs DNSConfig:DNSConfig Dir:s Env:[s Groups:[s HealthCheck:HealthConfig Healthcheck:HealthConfig Hostname:s Hosts:[s Image:s Init:b Isolation:s=default|process|hyperv Labels:*s Mounts:[Mount OomScoreAdj:i OpenStdin:b Privileges:Privileges ReadOnly:b Secrets:[TaskSpec.ContainerSpec.Secrets StopGracePeriod:i StopSignal:s Sysctls:*s TTY:b Ulimits:[Ulimits User:s',
  ContainerUpdate:
    'BlkioDeviceReadBps:[ThrottleDevice BlkioDeviceReadIOps:[ThrottleDevice BlkioDeviceWriteBps:[ThrottleDevice BlkioDeviceWriteIOps:[ThrottleDevice BlkioWeight:i BlkioWeightDevice:[BlkioWeightDevice CgroupParent:s CpuCount:i CpuPercent:i CpuPeriod:i CpuQuota:i CpuRealtimePeriod:i CpuRealtimeRuntime:i CpuShares:i CpusetCpus:s CpusetMems:s DeviceCgroupRules:[s DeviceRequests:[DeviceRequest Devices:[DeviceMapping DiskQuota IOMaximumBandwidth:i IOMaximumIOps:i Init:b KernelMemory KernelMemoryTCP Memory:i MemoryReservation:i MemorySwap:i MemorySwappiness:i NanoCpus:i OomKillDisable:b PidsLimit:i RestartPolicy:RestartPolicy Ulimits:[Ulimits',
  CredentialSpec: 'Config:s File:s Registry:s',
  DNSConfig: 'Nameservers:[s Options:[s Search:[s',
  DeviceMapping: 'CgroupPermissions:s PathInContainer:s PathOnHost:s',
  DeviceRequest: 'Capabilities:[[s Count:i DeviceIDs:[s Driver:s Options:*s',
  DiscreteResourceSpec: 'Kind:s Value:i',
  Dispatcher: 'HeartbeatPeriod:i',
  Driver: 'Name:s Options:*s',
  EncryptionConfig: 'AutoLockManagers:b',
  EndpointIPAMConfig: 'IPv4Address:s IPv6Address:s LinkLocalIPs:[s',
  EndpointPortConfig: 'Name:s Protocol:s=tcp|udp|sctp PublishMode:s=ingress|host PublishedPort:i TargetPort:i',
  EndpointSettings:
    'Aliases:[s DNSNames:[s DriverOpts:*s EndpointID:s Gateway:s GlobalIPv6Address:s GlobalIPv6PrefixLen:i GwPriority:i IPAMConfig:EndpointIPAMConfig IPAddress:s IPPrefixLen:i IPv6Gateway:s Links:[s MacAddress:s NetworkID:s',
  EndpointSpec: 'Mode:s=vip|dnsrr Ports:[EndpointPortConfig',
  ExecStart: 'ConsoleSize:[i Detach:b Tty:b',
  ExternalCAs: 'CACert:s Options:*s Protocol:s=cfssl URL:s',
  File: 'GID:s Mode:i Name:s UID:s',
  GenericResources: 'DiscreteResourceSpec:DiscreteResourceSpec NamedResourceSpec:NamedResourceSpec',
  HealthConfig: 'Interval:i Retries:i StartInterval:i StartPeriod:i Test:[s Timeout:i',
  HostConfig:
    'Annotations:*s AutoRemove:b Binds:[s BlkioDeviceReadBps:[ThrottleDevice BlkioDeviceReadIOps:[ThrottleDevice BlkioDeviceWriteBps:[ThrottleDevice BlkioDeviceWriteIOps:[ThrottleDevice BlkioWeight:i BlkioWeightDevice:[BlkioWeightDevice CapAdd:[s CapDrop:[s Capabilities Cgroup:s CgroupParent:s CgroupnsMode:s=private|host ConsoleSize:[i ContainerIDFile:s CpuCount:i CpuPercent:i CpuPeriod:i CpuQuota:i CpuRealtimePeriod:i CpuRealtimeRuntime:i CpuShares:i CpusetCpus:s CpusetMems:s DeviceCgroupRules:[s DeviceRequests:[DeviceRequest Devices:[DeviceMapping DiskQuota Dns:[s DnsOptions:[s DnsSearch:[s ExtraHosts:[s GroupAdd:[s IOMaximumBandwidth:i IOMaximumIOps:i Init:b IpcMode:s Isolation:s=default|process|hyperv KernelMemory KernelMemoryTCP Links:[s LogConfig:LogConfig MaskedPaths:[s Memory:i MemoryReservation:i MemorySwap:i MemorySwappiness:i Mounts:[Mount NanoCpus:i NetworkMode:s OomKillDisable:b OomScoreAdj:i PidMode:s PidsLimit:i PortBindings:*[PortBinding Privileged:b PublishAllPorts:b ReadonlyPaths:[s ReadonlyRootfs:b RestartPolicy:RestartPolicy Runtime:s SecurityOpt:[s ShmSize:i StorageOpt:*s Sysctls:*s Tmpfs:*s UTSMode:s Ulimits:[Ulimits Umask:i UsernsMode:s VolumeDriver:s VolumesFrom:[s',
  IPAM: 'Config:[IPAMConfig Driver:s Options:*s',
  IPAMConfig: 'AuxiliaryAddresses:*s Gateway:s IPRange:s Subnet:s',
  ImageOptions: 'Subpath:s',
  Limit: 'GenericResources:[GenericResources MemoryBytes:i NanoCPUs:i Pids:i',
  LogConfig: 'Config:*s Type:s',
  Mode: 'Global GlobalJob Replicated:Replicated ReplicatedJob:ReplicatedJob',
  Mount:
    'BindOptions:BindOptions ClusterOptions Consistency:s ImageOptions:ImageOptions ReadOnly:b Source:s Target:s TmpfsOptions:TmpfsOptions Type:s=bind|cluster|image|npipe|tmpfs|volume VolumeOptions:VolumeOptions',
  MountVolume: 'FsType MountFlags',
  NamedResourceSpec: 'Kind:s Value:s',
  NetworkAttachmentConfig: 'Aliases:[s DriverOpts:*s Target:s',
  NetworkAttachmentSpec: 'ContainerID:s',
  NetworkConnectRequest: 'Container:s EndpointConfig:EndpointSettings',
  NetworkCreate:
    'Attachable:b CheckDuplicate ConfigFrom:ConfigReference ConfigOnly:b Driver:s EnableIPv4:b EnableIPv6:b IPAM:IPAM Ingress:b Internal:b Labels:*s Name:s Options:*s Scope:s',
  NetworkDisconnectRequest: 'Container:s Force:b',
  NetworkingConfig: 'EndpointsConfig:*EndpointSettings',
  NodeSpec: 'Availability:s=active|pause|drain Labels:*s Name:s Role:s=worker|manager',
  Orchestration: 'TaskHistoryRetentionLimit:i',
  Placement: 'Constraints:[s MaxReplicas:i Platforms:[Platform Preferences:[Preferences',
  Platform: 'Architecture:s OS:s',
  PluginPrivilege: 'Description:s Name:s Value:[s description name value',
  PluginSpec:
    'Disabled:b Name:s PluginPrivilege:[PluginPrivilege Remote:s disabled env name privileges:[PluginPrivilege remote',
  PortBinding: 'HostIp:s HostPort:s',
  Preferences: 'Spread:Spread',
  Privileges:
    'AppArmor:AppArmor CredentialSpec:CredentialSpec NoNewPrivileges:b SELinuxContext:SELinuxContext Seccomp:Seccomp',
  Raft: 'ElectionTick:i HeartbeatTick:i KeepOldSnapshots:i LogEntriesForSlowFollowers:i SnapshotInterval:i',
  Replicated: 'Replicas:i',
  ReplicatedJob: 'MaxConcurrent:i TotalCompletions:i',
  ResourceObject: 'GenericResources:[GenericResources MemoryBytes:i NanoCPUs:i',
  Resources: 'Limits:Limit MemorySwappiness:i Reservations:ResourceObject SwapBytes:i',
  RestartPolicy: 'MaximumRetryCount:i Name:s=no|always|unless-stopped|on-failure',
  RollbackConfig:
    'Delay:i FailureAction:s=continue|pause MaxFailureRatio:n Monitor:i Order:s=stop-first|start-first Parallelism:i',
  SELinuxContext: 'Disable:b Level:s Role:s Type:s User:s',
  Seccomp: 'Mode:s=default|unconfined|custom Profile:s',
  SecretSpec: 'Data:s Driver:Driver Labels:*s Name:s Templating:Driver',
  ServiceCreate:
    'EndpointSpec:EndpointSpec Labels:*s Mode:Mode Name:s Networks:[NetworkAttachmentConfig RollbackConfig:RollbackConfig TaskTemplate:TaskSpec UpdateConfig:UpdateConfig',
  Spread: 'SpreadDescriptor:s',
  SwarmInit:
    'AdvertiseAddr:s AutoLockManagers Availability DataPathAddr:s DataPathPort:i DefaultAddrPool:[s ForceNewCluster:b ListenAddr:s Spec:SwarmSpec SubnetSize:i',
  SwarmJoin: 'AdvertiseAddr:s Availability DataPathAddr:s JoinToken:s ListenAddr:s RemoteAddrs:[s',
  SwarmSpec:
    'CAConfig:CAConfig Dispatcher:Dispatcher EncryptionConfig:EncryptionConfig Labels:*s Name:s Orchestration:Orchestration Raft:Raft TaskDefaults:TaskDefaults',
  SwarmUnlock: 'UnlockKey:s',
  TaskDefaults: 'LogDriver:Driver',
  TaskSpec:
    'ContainerSpec:ContainerSpec ForceUpdate:i LogDriver:Driver NetworkAttachmentSpec:NetworkAttachmentSpec Networks:[NetworkAttachmentConfig Placement:Placement PluginSpec:PluginSpec Resources:Resources RestartPolicy:TaskSpec.RestartPolicy Runtime:s',
  'TaskSpec.ContainerSpec.Secrets': 'File:File SecretID:s SecretName:s',
  'TaskSpec.RestartPolicy': 'Condition:s=none|on-failure|any Delay:i MaxAttempts:i Window:i',
  ThrottleDevice: 'Path:s Rate:i',
  TmpfsOptions: 'Mode:i Options:[[s SizeBytes:i',
  Topology: 'Segments:*s',
  Ulimits: 'Hard:i Name:s Soft:i',
  UpdateConfig:
    'Delay:i FailureAction:s=continue|pause|rollback MaxFailureRatio:n Monitor:i Order:s=stop-first|start-first Parallelism:i',
  VolumeCreateRequest: 'ClusterVolumeSpec:ClusterVolumeSpec Driver:s DriverOpts:*s Labels:*s Name:s',
  VolumeOptions: 'DriverConfig:Driver Labels:*s NoCopy:b Subpath:s',
  VolumeUpdate: 'Spec:ClusterVolumeSpec',
  create: 'CheckpointDir CheckpointID Exit',
}
