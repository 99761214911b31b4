import type { CommandSpec } from './command.ts'

/** A command as the overview shows it; the rest is loaded when it is asked for. */
export interface Entry {
  /** `['init']`, or `['cert', 'ca']`. */
  readonly words: readonly [string] | readonly [string, string]
  readonly summary: string
  readonly load: () => Promise<CommandSpec>
}

/** All commands, in the order in which one meets them. */
export const COMMANDS: readonly Entry[] = [
  {
    words: ['init'],
    summary: "create keys, certificates and the daemon's configuration",
    load: async () => (await import('./commands/init.ts')).init,
  },
  {
    words: ['setup'],
    summary: 'secure the daemons of other hosts over ssh',
    load: async () => (await import('./commands/setup.ts')).setup,
  },
  {
    words: ['cert', 'ca'],
    summary: 'create the CA, or keep the existing one',
    load: async () => (await import('./commands/cert-ca.ts')).certCa,
  },
  {
    words: ['cert', 'server'],
    summary: 'issue a server certificate',
    load: async () => (await import('./commands/cert-server.ts')).certServer,
  },
  {
    words: ['cert', 'client'],
    summary: 'issue a client certificate',
    load: async () => (await import('./commands/cert-client.ts')).certClient,
  },
  {
    words: ['cert', 'issuer'],
    summary: "create a gateway's issuer",
    load: async () => (await import('./commands/cert-issuer.ts')).certIssuer,
  },
  {
    words: ['cert', 'sign'],
    summary: "sign a client's request; its key stays with the client",
    load: async () => (await import('./commands/cert-sign.ts')).certSign,
  },
  {
    words: ['cert', 'show'],
    summary: 'show a certificate, and whether Docker accepts it',
    load: async () => (await import('./commands/cert-show.ts')).certShow,
  },
  {
    words: ['cert', 'list'],
    summary: 'list issued certificates and when they expire',
    load: async () => (await import('./commands/cert-list.ts')).certList,
  },
  {
    words: ['cert', 'renew'],
    summary: 'renew certificates that are due, or those you name',
    load: async () => (await import('./commands/cert-renew.ts')).certRenew,
  },
  {
    words: ['cert', 'revoke'],
    summary: 'revoke a client, and write the revocation list',
    load: async () => (await import('./commands/cert-revoke.ts')).certRevoke,
  },
  {
    words: ['cert', 'retire'],
    summary: 'retire a server that no longer exists',
    load: async () => (await import('./commands/cert-retire.ts')).certRetire,
  },
  {
    words: ['cert', 'crl'],
    summary: 'write the revocation list again',
    load: async () => (await import('./commands/cert-crl.ts')).certCrl,
  },
  {
    words: ['cert', 'rotate-ca'],
    summary: 'replace the CA in phases, without locking anybody out',
    load: async () => (await import('./commands/cert-rotate-ca.ts')).certRotateCa,
  },
  {
    words: ['cert', 'schedule'],
    summary: 'print a timer or cron line that checks certificates daily',
    load: async () => (await import('./commands/cert-schedule.ts')).certSchedule,
  },
  {
    words: ['cert', 'adopt'],
    summary: 'add certificates that are missing from the ledger',
    load: async () => (await import('./commands/cert-adopt.ts')).certAdopt,
  },
  {
    words: ['daemon', 'render'],
    summary: 'render the systemd drop-in or daemon.json',
    load: async () => (await import('./commands/daemon-render.ts')).daemonRender,
  },
  {
    words: ['daemon', 'apply'],
    summary: 'secure this server with automatic rollback',
    load: async () => (await import('./commands/daemon-apply.ts')).daemonApply,
  },
  {
    words: ['daemon', 'rollback'],
    summary: 'undo the last apply',
    load: async () => (await import('./commands/daemon-rollback.ts')).daemonRollback,
  },
  {
    words: ['daemon', 'remove'],
    summary: 'take back everything that apply did on this server',
    load: async () => (await import('./commands/daemon-remove.ts')).daemonRemove,
  },
  {
    words: ['daemon', 'status'],
    summary: 'show the state of the daemon on this server',
    load: async () => (await import('./commands/daemon-status.ts')).daemonStatus,
  },
  {
    words: ['client', 'env'],
    summary: "print the variables for a client's shell",
    load: async () => (await import('./commands/client-env.ts')).clientEnv,
  },
  {
    words: ['client', 'request'],
    summary: 'create a key here, and a request for cert sign',
    load: async () => (await import('./commands/client-request.ts')).clientRequest,
  },
  {
    words: ['client', 'install'],
    summary: 'install the certificate that answers a request',
    load: async () => (await import('./commands/client-install.ts')).clientInstall,
  },
  {
    words: ['client', 'renew'],
    summary: 'renew a certificate through a gateway',
    load: async () => (await import('./commands/client-renew.ts')).clientRenew,
  },
  {
    words: ['client', 'export'],
    summary: "pack a client's three files for its machine",
    load: async () => (await import('./commands/client-export.ts')).clientExport,
  },
  {
    words: ['client', 'ls'],
    summary: 'list clients, and where their keys are',
    load: async () => (await import('./commands/client-list.ts')).clientList,
  },
  {
    words: ['client', 'rm'],
    summary: "remove clients' files; their certificates stay valid",
    load: async () => (await import('./commands/client-remove.ts')).clientRemove,
  },
  {
    words: ['context', 'create'],
    summary: 'create a context for docker --context',
    load: async () => (await import('./commands/context-create.ts')).contextCreate,
  },
  {
    words: ['context', 'ls'],
    summary: 'list contexts, and which ones docker-mtls refuses',
    load: async () => (await import('./commands/context-list.ts')).contextList,
  },
  {
    words: ['context', 'export'],
    summary: 'pack a context for another machine',
    load: async () => (await import('./commands/context-export.ts')).contextExport,
  },
  {
    words: ['context', 'import'],
    summary: 'import an exported context',
    load: async () => (await import('./commands/context-import.ts')).contextImport,
  },
  {
    words: ['context', 'rm'],
    summary: 'remove contexts, with their keys',
    load: async () => (await import('./commands/context-remove.ts')).contextRemove,
  },
  {
    words: ['explain'],
    summary: 'show which daemon the environment selects, and why',
    load: async () => (await import('./commands/explain.ts')).explain,
  },
  {
    words: ['ping'],
    summary: 'connect, and show who answered',
    load: async () => (await import('./commands/ping.ts')).ping,
  },
  {
    words: ['doctor'],
    summary: "find out why you can't connect, or when you won't be able to",
    load: async () => (await import('./commands/doctor.ts')).doctor,
  },
  {
    words: ['audit'],
    summary: 'audit daemons and their containers',
    load: async () => (await import('./commands/audit.ts')).audit,
  },
  {
    words: ['harden'],
    summary: 'show what a container would need to run with fewer rights',
    load: async () => (await import('./commands/harden.ts')).harden,
  },
  {
    words: ['bridge'],
    summary: 'create a local socket to the daemon, for any Docker tool',
    load: async () => (await import('./commands/bridge.ts')).bridge,
  },
  {
    words: ['completion'],
    summary: 'print a script with which your shell completes command lines',
    load: async () => (await import('./commands/completion.ts')).completion,
  },
  {
    words: ['policy', 'check'],
    summary: 'check a policy file, and show its rules',
    load: async () => (await import('./commands/policy-check.ts')).policyCheck,
  },
  {
    words: ['policy', 'test'],
    summary: 'try what a policy says about a docker command or a request',
    load: async () => (await import('./commands/policy-test.ts')).policyTest,
  },
  {
    words: ['policy', 'preset'],
    summary: 'print a policy for a tool, such as Compose or Traefik',
    load: async () => (await import('./commands/policy-preset.ts')).policyPreset,
  },
  {
    words: ['gateway', 'run'],
    summary: 'serve clients in front of a daemon by a policy',
    load: async () => (await import('./commands/gateway-run.ts')).gatewayRun,
  },
  {
    words: ['gateway', 'render'],
    summary: 'render the systemd service of a gateway',
    load: async () => (await import('./commands/gateway-render.ts')).gatewayRender,
  },
  {
    words: ['gateway', 'apply'],
    summary: 'put a gateway in front of dockerd, with automatic rollback',
    load: async () => (await import('./commands/gateway-apply.ts')).gatewayApply,
  },
  {
    words: ['gateway', 'status'],
    summary: 'show the state of the gateway on this server',
    load: async () => (await import('./commands/gateway-status.ts')).gatewayStatus,
  },
  {
    words: ['gateway', 'rollback'],
    summary: 'undo the last gateway apply',
    load: async () => (await import('./commands/gateway-rollback.ts')).gatewayRollback,
  },
  {
    words: ['gateway', 'remove'],
    summary: 'remove the gateway from this server',
    load: async () => (await import('./commands/gateway-remove.ts')).gatewayRemove,
  },
  {
    words: ['gateway', 'exec'],
    summary: 'run a command with a socket of its own',
    load: async () => (await import('./commands/gateway-exec.ts')).gatewayExec,
  },
  {
    words: ['gateway', 'log'],
    summary: 'verify that an audit log is as it was written',
    load: async () => (await import('./commands/gateway-log.ts')).gatewayLog,
  },
  {
    words: ['grant'],
    summary: 'grant access for a while: a certificate and a rule that end',
    load: async () => (await import('./commands/grant.ts')).grant,
  },
  {
    words: ['authz-plugin'],
    summary: "run dockerd's authorization plugin, which decides by a policy",
    load: async () => (await import('./commands/authz-plugin.ts')).authzPlugin,
  },
  {
    words: ['plugin', 'install'],
    summary: 'install the plugin',
    load: async () => (await import('./commands/plugin-install.ts')).pluginInstall,
  },
  {
    words: ['plugin', 'remove'],
    summary: 'remove the plugin',
    load: async () => (await import('./commands/plugin-remove.ts')).pluginRemove,
  },
]
