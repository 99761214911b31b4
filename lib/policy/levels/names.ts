/** The name of an operation, as policies write it. */
export type OperationName =
  | `checkpoints.${'create' | 'list' | 'remove'}`
  | `configs.${'create' | 'inspect' | 'list' | 'remove' | 'update'}`
  | `containers.archive.${'get' | 'put' | 'stat'}`
  | `containers.${'attach' | 'attachWebSocket' | 'changes' | 'create' | 'export' | 'inspect' | 'kill' | 'list' | 'logs' | 'pause' | 'prune' | 'remove' | 'rename' | 'resize' | 'restart' | 'start' | 'stats' | 'stop' | 'top' | 'unpause' | 'update' | 'wait'}`
  | 'distribution.inspect'
  | `exec.${'create' | 'inspect' | 'resize' | 'start'}`
  | `images.${'attestations' | 'build' | 'buildPrune' | 'cancelBuild' | 'commit' | 'history' | 'import' | 'inspect' | 'list' | 'load' | 'prune' | 'pull' | 'push' | 'remove' | 'save' | 'search' | 'tag'}`
  | `networks.${'connect' | 'create' | 'disconnect' | 'inspect' | 'list' | 'prune' | 'remove'}`
  | `nodes.${'inspect' | 'list' | 'remove' | 'update'}`
  | `plugins.${'create' | 'disable' | 'enable' | 'inspect' | 'list' | 'privileges' | 'pull' | 'push' | 'remove' | 'set' | 'upgrade'}`
  | `secrets.${'create' | 'inspect' | 'list' | 'remove' | 'update'}`
  | `services.${'create' | 'inspect' | 'list' | 'logs' | 'remove' | 'update'}`
  | 'session.open'
  | `swarm.${'init' | 'inspect' | 'join' | 'leave' | 'unlock' | 'unlockKey' | 'update'}`
  | `system.${'auth' | 'df' | 'events' | 'info' | 'ping' | 'pingHead' | 'version'}`
  | `tasks.${'inspect' | 'list' | 'logs'}`
  | `volumes.${'create' | 'inspect' | 'list' | 'prune' | 'remove' | 'update'}`
