/** A command that only holds others. */
interface Group {
  readonly summary: string
  readonly description: string
  /** The command that is meant if only options follow. */
  readonly byOptions?: string
}

/** The groups, by their word. */
export const GROUPS: Readonly<Record<string, Group>> = {
  cert: {
    summary: 'create, list, renew, rotate and revoke certificates',
    description:
      'Creates, lists, renews, rotates and revokes certificates.  init  runs the first steps for you. Use these commands for a ' +
      'single step, and later: list shows when each certificate expires, renew replaces the certificates of servers and ' +
      'clients before they expire, revoke withdraws those of a client, rotate-ca replaces the CA, and schedule checks all of ' +
      'them every day.',
  },
  daemon: {
    summary: 'secure the daemon on this server, or undo it',
    description:
      'Secures the daemon on this server. Run  daemon apply  as root with the files that  init  created. To secure other ' +
      'hosts over ssh, use  setup  instead.',
  },
  client: {
    summary: 'set up the machines of clients',
    description:
      'Sets up the machines of clients. There are two ways:  export  packs a key and certificate that were created with the ' +
      'CA;  request  creates the key on the client itself, and  install  adds the certificate that  cert sign  issued for it. ' +
      'Beside the CA,  ls  lists the clients, and  rm  removes their files.',
  },
  context: {
    summary: "manage the docker command's contexts",
    description:
      "Manages the docker command's contexts, in its own store. A context holds the address of a daemon and a client's " +
      'files:  docker --context NAME  then needs no variables.',
  },
  policy: {
    summary: 'say what each client certificate may do',
    description:
      'Checks and tries access policies: files that say which client certificate may do what on a daemon. preset prints one for a ' +
      'tool. docker-mtls/policy decides by them in your own code.',
  },
  gateway: {
    summary: 'let each client do what a policy allows',
    description:
      'Puts a gateway in front of a daemon: it lets each client do what an access policy allows. run serves clients with mutual ' +
      'TLS or by a local socket; apply makes it the service of this server, status shows its state, rollback undoes the last apply, ' +
      'and remove ends it; ' +
      'render prints the service; exec gives one command a socket of its own; log verifies the audit log. With options alone, ' +
      'as in  gateway --policy FILE --socket PATH --as NAME , it is  gateway run .',
    byOptions: 'run',
  },
  plugin: {
    summary: 'run docker-mtls as  docker mtls',
    description: 'Makes docker-mtls a plugin of the docker command, so that you can run it as  docker mtls .',
  },
}
