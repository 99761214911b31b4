import type { CommandSpec } from './command.ts'

/** A command as the overview shows it; the rest is loaded when it is asked for. */
export interface Entry {
  /** `['init']`, or `['cert', 'ca']`. */
  readonly words: readonly [string] | readonly [string, string]
  readonly summary: string
  readonly load: () => Promise<CommandSpec>
}

/** The commands that only hold others, and what those are about. */
export const GROUPS: Readonly<Record<string, string>> = {
  cert: 'certificates',
  daemon: "the daemon's configuration",
  client: 'what a client needs',
  context: "the docker command's contexts",
  plugin: 'docker-mtls as a plugin of the docker command',
}

/** What whoever looks into one of them first should know. */
export const GROUP_NOTES: Readonly<Record<string, string>> = {
  cert:
    'init  makes all of them in one step; these are the single steps, and what comes later: list says what ends when, ' +
    'renew replaces certificates of servers and clients before they end, rotate-ca the authority, and schedule has ' +
    'that looked at every day.',
}

/** All commands, in the order in which one meets them. */
export const COMMANDS: readonly Entry[] = [
  {
    words: ['init'],
    summary: "make it all: keys, certificates, the daemon's configuration",
    load: async () => (await import('./commands/init.ts')).init,
  },
  {
    words: ['setup'],
    summary: 'secure the daemons of other hosts, by ssh, in one step',
    load: async () => (await import('./commands/setup.ts')).setup,
  },
  {
    words: ['cert', 'ca'],
    summary: 'make the authority, or keep the one that is there',
    load: async () => (await import('./commands/cert-ca.ts')).certCa,
  },
  {
    words: ['cert', 'server'],
    summary: "issue the server's certificate",
    load: async () => (await import('./commands/cert-server.ts')).certServer,
  },
  {
    words: ['cert', 'client'],
    summary: "issue a client's certificate",
    load: async () => (await import('./commands/cert-client.ts')).certClient,
  },
  {
    words: ['cert', 'sign'],
    summary: "sign a client's request, whose key stays with it",
    load: async () => (await import('./commands/cert-sign.ts')).certSign,
  },
  {
    words: ['cert', 'show'],
    summary: 'what a certificate says, and what Docker makes of it',
    load: async () => (await import('./commands/cert-show.ts')).certShow,
  },
  {
    words: ['cert', 'list'],
    summary: 'what was issued, and when it ends',
    load: async () => (await import('./commands/cert-list.ts')).certList,
  },
  {
    words: ['cert', 'renew'],
    summary: 'renew what is due, or what is named',
    load: async () => (await import('./commands/cert-renew.ts')).certRenew,
  },
  {
    words: ['cert', 'rotate-ca'],
    summary: 'replace the authority, in phases, with nobody locked out',
    load: async () => (await import('./commands/cert-rotate-ca.ts')).certRotateCa,
  },
  {
    words: ['cert', 'schedule'],
    summary: 'a timer or a cron line that watches over them',
    load: async () => (await import('./commands/cert-schedule.ts')).certSchedule,
  },
  {
    words: ['cert', 'adopt'],
    summary: 'write into the ledger what is in place and missing there',
    load: async () => (await import('./commands/cert-adopt.ts')).certAdopt,
  },
  {
    words: ['daemon', 'render'],
    summary: 'write the systemd drop-in or the daemon.json',
    load: async () => (await import('./commands/daemon-render.ts')).daemonRender,
  },
  {
    words: ['daemon', 'apply'],
    summary: 'install it all on this server, prove it, or put everything back',
    load: async () => (await import('./commands/daemon-apply.ts')).daemonApply,
  },
  {
    words: ['daemon', 'rollback'],
    summary: 'put back what the last apply has changed',
    load: async () => (await import('./commands/daemon-rollback.ts')).daemonRollback,
  },
  {
    words: ['daemon', 'status'],
    summary: 'what is in force on this server',
    load: async () => (await import('./commands/daemon-status.ts')).daemonStatus,
  },
  {
    words: ['client', 'env'],
    summary: "the variables for a client's shell",
    load: async () => (await import('./commands/client-env.ts')).clientEnv,
  },
  {
    words: ['client', 'request'],
    summary: 'make a key here, and a request to be signed elsewhere',
    load: async () => (await import('./commands/client-request.ts')).clientRequest,
  },
  {
    words: ['client', 'install'],
    summary: 'put the answer to a request in place',
    load: async () => (await import('./commands/client-install.ts')).clientInstall,
  },
  {
    words: ['client', 'export'],
    summary: "pack a client's three files to hand them over",
    load: async () => (await import('./commands/client-export.ts')).clientExport,
  },
  {
    words: ['context', 'create'],
    summary: 'make a context that docker --context takes',
    load: async () => (await import('./commands/context-create.ts')).contextCreate,
  },
  {
    words: ['context', 'ls'],
    summary: 'which contexts there are, and which of them we would refuse',
    load: async () => (await import('./commands/context-list.ts')).contextList,
  },
  {
    words: ['context', 'export'],
    summary: 'pack a context for another machine',
    load: async () => (await import('./commands/context-export.ts')).contextExport,
  },
  {
    words: ['context', 'import'],
    summary: 'take over a context that was exported',
    load: async () => (await import('./commands/context-import.ts')).contextImport,
  },
  {
    words: ['context', 'rm'],
    summary: 'remove contexts, with their keys',
    load: async () => (await import('./commands/context-remove.ts')).contextRemove,
  },
  {
    words: ['explain'],
    summary: 'which daemon the environment means, and why',
    load: async () => (await import('./commands/explain.ts')).explain,
  },
  {
    words: ['ping'],
    summary: 'connect, and say who answered',
    load: async () => (await import('./commands/ping.ts')).ping,
  },
  {
    words: ['bridge'],
    summary: 'a local socket to the daemon, for any Docker tool',
    load: async () => (await import('./commands/bridge.ts')).bridge,
  },
  {
    words: ['plugin', 'install'],
    summary: 'make `docker mtls` work, too',
    load: async () => (await import('./commands/plugin-install.ts')).pluginInstall,
  },
  {
    words: ['plugin', 'remove'],
    summary: 'take that back',
    load: async () => (await import('./commands/plugin-remove.ts')).pluginRemove,
  },
]
