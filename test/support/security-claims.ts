/** Which tests hold what SECURITY.md claims. */
export interface Claim {
  /** How its paragraph begins, without backticks and asterisks. */
  readonly begins: string
  /** How many sentences it has: whoever adds one names its test here. */
  readonly sentences: number
  /** A file below test/, and parts of the titles of its tests. */
  readonly tests: readonly (readonly [file: string, ...titles: [string, ...string[]]])[]
}

function claim(sentences: number, begins: string, ...tests: Claim['tests']): Claim {
  return { begins, sentences, tests }
}

export const CLAIMS: readonly Claim[] = [
  // Who is trusted with what
  claim(1, 'the machine with the CA key', ['pki/ca.test.ts', 'refuses what can not sign for us']),
  claim(
    1,
    "a daemon's host",
    ['machine/setup.test.ts', "the authority's key and the client's were never on the host"],
    ['machine/apply-pitfalls.test.ts', 'three ways back are kept'],
  ),
  claim(2, 'a client |', ['pki/certificates.test.ts', 'a handshake, with each in its own role']),
  claim(
    2,
    'the network, DNS',
    ['transport/faults.test.ts', 'servers with the wrong certificate'],
    ['transport/proxy.test.ts', 'the server is checked as ever'],
    ['every-way.test.ts', '${name}, ${through}'],
  ),
  claim(
    2,
    "an app's environment variables",
    ['weakened-node.test.ts', '${name}: ${ours}', '--tls-keylog'],
    ['transport/proxy.test.ts', 'no variable names a proxy'],
    ['transport/ssh.test.ts', 'a program that can not be run'],
  ),
  claim(
    4,
    'the working directory',
    ['endpoint/env-file.test.ts', 'none is read that is not named'],
    ['cli/client.test.ts', 'takes no file of the working directory that nobody named'],
    ['registry/credentials.test.ts', 'a helper that is not installed, or lies in the working directory'],
    [
      'cli/found.test.ts',
      'of another user is refused',
      'that is new, as in a cloned repository',
      'is a question in a terminal',
    ],
  ),
  claim(
    2,
    "a daemon's answers",
    ['transport/dispatcher.test.ts', 'refuses redirects'],
    ['engine/answer-limits.test.ts', 'an answer that a call reads whole'],
    ['engine/stream/lines.test.ts', 'a line that is too long'],
    ['engine/client.test.ts', 'can neither drive a terminal nor forge a line', 'is given up'],
    ['transport/pace.test.ts', 'a daemon waits for a reader who rests'],
  ),

  // Connections
  claim(
    3,
    'A TCP connection uses mutually authenticated TLS',
    ['endpoint/resolve.test.ts', 'whatever the variables: TLS has a certificate folder'],
    ['daemon/client.test.ts', 'no certificate, a foreign one, and a foreign CA'],
    ['daemon/acceptance.test.ts', 'dockerd presents to a client'],
    ['transport/faults.test.ts', 'peers that misbehave'],
  ),
  claim(2, 'docker-mtls refuses plaintext', [
    'plaintext.test.ts',
    'every form of a host with every way to set the variables',
    'plaintext on port',
  ]),
  claim(
    3,
    'Connections use only TLS 1.2 and 1.3',
    ['weakened-node.test.ts', '${name}: ${ours}'],
    ['transport/faults.test.ts', 'an RSA key of 1024 bits: ERR_SERVER_CERT_WEAK', '${kind}: ${code}'],
  ),
  claim(1, 'In Deno and Bun', [
    'transport/server-chain.test.ts',
    '${name}: ${code ??',
    'a chain that never ends is refused',
  ]),
  claim(1, '--tls-keylog', ['weakened-node.test.ts', '--tls-keylog: no secret of our sessions is written']),
  claim(
    1,
    'docker-mtls trusts only the CAs in ca.pem',
    ['weakened-node.test.ts', '${name}: ${ours}'],
    ['identity/handshake.test.ts', 'trusts ca.pem alone'],
  ),
  claim(2, "docker-mtls checks the server's name", [
    'identity/certificate.test.ts',
    "doesn't cover",
    'a certificate without alternative names covers nothing',
  ]),
  claim(
    2,
    'docker-mtls never resumes a TLS session',
    ['transport/sessions.test.ts', 'never outlives its CA', 'never outlives its name'],
    ['transport/sessions.test.ts', 'ends with the certificate that it was made with'],
  ),
  claim(
    4,
    'A client sends requests to only one origin',
    ['base/dot-segments.test.ts', 'a dot segment is found however it is written'],
    [
      'transport/dispatcher.test.ts',
      'refuses every other origin',
      'refuses what a gateway would take for another place',
    ],
    ['transport/dispatcher.test.ts', 'keeps the prefix of a proxy', 'refuses redirects'],
    ['plaintext.test.ts', 'a redirect to plaintext is not followed'],
  ),
  claim(
    6,
    'A cut stream never passes for a complete one',
    ['daemon/engine/cut-off.test.ts', 'output that is cut between two frames is an error, never a result'],
    ['transport/cut-off.test.ts', 'a stream that took over its connection, and is cut between two frames'],
    [
      'transport/witness.test.ts',
      'is an error if all connections of the daemon end, although somebody answers at once',
    ],
    ['engine/workflows/whole-output.test.ts', 'a log that cannot be read says nothing'],
    ['transport/answer-end.test.ts', 'is refused'],
    ['faults/matrix.test.ts', 'a call that is hit by a fault of its connection ends as it should'],
  ),
  claim(
    1,
    'close() leaves no connection open',
    ['transport/dispatcher.test.ts', 'a hijacked connection ends with its dispatcher'],
    ['transport/open.test.ts', 'it ends with the dispatcher'],
    ['engine/bad-peers.test.ts', 'is given up'],
    ['engine/closed-while-busy.test.ts', 'over '],
  ),
  claim(
    1,
    'docker-mtls never falls back to another daemon',
    ['plaintext.test.ts', 'every form of a host with every way to set the variables'],
    ['daemon/client.test.ts', 'a daemon that comes back with a certificate of another CA is refused'],
  ),
  claim(3, 'docker-mtls uses an HTTP proxy only', [
    'transport/proxy.test.ts',
    'no variable names a proxy',
    'TLS reaches the daemon',
    'the server is checked as ever',
  ]),

  // Contexts
  claim(
    3,
    'docker-mtls refuses to use, export or import a context',
    ['endpoint/context.test.ts', 'are refused where they would be weaker'],
    ['contexts/archive.test.ts', '${what}: refused'],
    ['contexts/store.test.ts', 'a killed process leaves the old one, none or the new one'],
    ['daemon/contexts.test.ts', 'what a killed create or import leaves, docker never uses without TLS'],
  ),
  claim(
    2,
    'docker-mtls checks a whole archive',
    ['contexts/archive.test.ts', 'in a tar is refused', 'in a zip is refused', 'what is there twice is refused'],
    ['contexts/store.test.ts', 'and nothing is written'],
  ),

  // Other clients
  claim(
    4,
    'Another client that uses a docker-mtls connection',
    ['interop/hostile-environment.test.ts', 'they go where we go', 'they trust whom we trust'],
    ['interop/hostile-environment.test.ts', 'what dockerode makes of a DOCKER_HOST that is none is an error'],
    ['interop/https-agent.test.ts', 'goes nowhere else', 'an answer that redirects is an error'],
  ),
  claim(
    3,
    "A bridge's socket has mode 0600",
    ['interop/socket-file.test.ts', 'is for its owner alone', 'never takes the place of anything else'],
    ['interop/socket-file.test.ts', "a dead one of another user's stays", 'is made where nobody else can replace it'],
    ['interop/socket-file.test.ts', 'is made only in a folder of this user or of root', 'a link on the way to it'],
  ),

  // ssh
  claim(
    7,
    'ssh:// is as secure as',
    ['transport/ssh.test.ts', 'never gets to it, neither in a host nor in an endpoint made by hand'],
    ['transport/ssh.test.ts', 'the command line of ssh', 'also where the working directory has one'],
    [
      'daemon/ssh.test.ts',
      "a host key that isn't known, and one that has changed, are refused",
      "doesn't hold a process up, and ends with it",
    ],
  ),

  // Keys and secrets
  claim(
    2,
    'Private keys, passphrases, registry credentials',
    [
      'secrets.test.ts',
      'connecting keeps secrets',
      'going through a proxy keeps its credentials',
      'an authority keeps secrets',
    ],
    ['identity/secrets.test.ts', 'are not in an identity', 'are not in the error for'],
    ['engine/workflows/build/secrets.test.ts', 'is shown by nothing'],
  ),
  claim(
    3,
    'docker-mtls reads stored registry logins only',
    [
      'registry/credentials.test.ts',
      'are read when they are asked for, and no earlier',
      ' is no helper',
      'a helper that ${what}',
    ],
    ['engine/workflows/build/secrets.test.ts', 'are given for their registry alone'],
  ),
  claim(
    3,
    'The CA passphrase comes from',
    ['base/child-environment.test.ts', 'is made by one function, wherever lib/ starts a process'],
    ['registry/credentials.test.ts', 'but not the passphrase of the CA key'],
    ['cli/policy-test-commands.test.ts', 'keeps the passphrase of the CA key from the command'],
    ['cli/passphrase.test.ts', 'is no word of the command line', 'comes from a file or a variable'],
    ['cli/endpoint.test.ts', 'through a proxy, whose password is read from a file'],
  ),
  claim(
    2,
    'docker-mtls creates files with their final mode',
    ['keystore/leftovers.test.ts', 'the next run clears what a killed one left'],
    [
      'keystore/folder.test.ts',
      'has its files and modes, whatever the umask',
      'a write that fails puts everything back',
    ],
    ['keystore/folder-swap.test.ts', 'is the old one or the new one after a run that was killed at any step'],
  ),
  claim(1, "A certificate and a key that don't match are an error", [
    'keystore/leftovers.test.ts',
    'a CA certificate and a CA key that do not match',
    'a client certificate and a key that do not match',
  ]),
  claim(4, 'The ledger shows changes to it', [
    'keystore/ledger.test.ts',
    'the chain of the ledger',
    'name a line that was changed; it is accepted only on request',
  ]),

  // Builds
  claim(3, 'A build gives the daemon only', ['engine/workflows/build/file-sync.test.ts', 'nothing else can be had']),
  claim(1, 'one folder, without the files', [
    'engine/workflows/build/file-sync.test.ts',
    'that the .dockerignore names',
    'by the folder ',
  ]),
  claim(1, 'one Dockerfile with its own', ['engine/workflows/build/file-sync.test.ts', 'is alone in its folder']),
  claim(1, 'the secrets of this build', ['engine/workflows/build/secrets.test.ts', 'is none that wasn’t given']),
  claim(1, 'the credentials that you passed', [
    'engine/workflows/build/secrets.test.ts',
    'are given for their registry alone',
  ]),
  claim(
    5,
    "The daemon's requests choose among these",
    ['engine/workflows/build/file-sync.test.ts', 'by paths that lead out', 'by any header at all', 'by another call'],
    ['engine/workflows/build/file-sync.test.ts', 'takes the target of a link as it is written'],
    [
      'engine/workflows/build/context.test.ts',
      'that is a link out of the context is refused',
      'is refused when a link took its place',
    ],
    ['engine/workflows/build/plan.test.ts', 'that would have the daemon write to this machine are refused'],
  ),

  // Changes to a host
  claim(
    6,
    'A change to a host is verified or rolled back',
    ['machine/apply-conflicts.test.ts', 'what is in the way of daemon apply'],
    ['machine/apply-cut-off.test.ts', 'kill -9 at', 'a power cut at'],
    ['machine/apply-every-line.test.ts', 'all is old or all is new'],
    ['machine/setup-cut-off.test.ts', 'kill -9 of the command at', 'the connection is lost at'],
  ),
  claim(
    2,
    'Every folder above a written file',
    ['apply/apply.test.ts', 'is a conflict, unless it is root alone'],
    [
      'machine/apply-foreign-folders.test.ts',
      '${name} is a conflict',
      'in the place of a temporary file is never followed',
      'a link to a folder in its place gets no file either',
    ],
  ),
  claim(
    4,
    'Names that users of a host choose',
    ['host/facts.test.ts', 'facts of a host on which a user chooses names'],
    ['apply/ports.test.ts', 'is neither systemd nor dockerd'],
    ['host/limits.test.ts', 'a host that does not stop or does not answer', 'of several hosts, the others go on'],
    ['machine/setup-hosts.test.ts', 'stops no other'],
  ),
  claim(
    2,
    'Keys are sent to a host on stdin only',
    ['machine/setup-ways.test.ts', "the server's key travels by stdin: it is in no command line"],
    ['machine/apply-pitfalls.test.ts', 'a validation that was killed leaves no key for long'],
  ),
  claim(
    4,
    'Verification connects to the listeners',
    ['probe/server.test.ts', 'what is sent is a ping, four hellos and a handshake, and nothing else'],
    ['probe/daemon.test.ts', 'has been told no request'],
    ['security-claims.test.ts', 'only the probe opens a connection without verifying its peer'],
    ['machine/apply-listeners.test.ts', 'a client gets in at each'],
  ),
  claim(
    2,
    'Verification fails if the daemon names a CA',
    ['apply/verify-daemon.test.ts', 'each thing that a proof claims'],
    ['probe/daemon.test.ts', 'with an empty --tlscacert it names none'],
    ['machine/apply-conflicts.test.ts', 'a client of another CA: the proof fails'],
  ),
  claim(2, 'Verification uses a one-day client certificate', [
    'machine/apply-pitfalls.test.ts',
    'the identity of a proof: it goes with the proof',
  ]),
  claim(1, "setup uses the system's ssh", [
    'setup/setup.test.ts',
    'ssh is told to ask nothing, and nothing is said to it about host keys',
  ]),
  claim(1, 'setup never sends the key', [
    'machine/setup.test.ts',
    "the authority's key and the client's were never on the host",
  ]),
  claim(
    1,
    'It refuses a host if ssh is configured',
    ['machine/setup-ways.test.ts', 'a key of the host that ssh is configured not to look at is refused'],
    ['machine/setup.test.ts', 'and without a word for it the host is left alone'],
  ),
  claim(2, "A host can't choose the names", [
    'setup/setup.test.ts',
    'are none that the host only claims',
    'begin with the one that was asked for',
  ]),
  claim(
    1,
    'docker-mtls removes control characters',
    ['machine/setup-ways.test.ts', 'none of it is believed, and none of it reaches the terminal'],
    ['base/errors.test.ts', 'characters of a peer that steer a terminal are escaped'],
  ),
  claim(
    5,
    'doctor weakens nothing to inspect a daemon',
    ['audit/doctor/path.test.ts', 'sends no request to a server that it has not verified', 'contains neither the key'],
    ['audit/doctor/dangers.test.ts', 'what a working connection hides', 'a daemon without TLS is found'],
    ['probe/daemon.test.ts', 'has been told no request'],
  ),
  claim(
    5,
    'audit changes nothing',
    ['audit/contract.test.ts', 'has one failure, which is true', 'a daemon that does not answer well passes nothing'],
    ['cli/audit.test.ts', 'that does not answer in the time of --request-timeout'],
    ['audit/snapshot/secrets.test.ts', 'what is removed from the answers of the daemon'],
    ['daemon/audit.test.ts', 'has no secrets'],
    ['audit/snapshot/host.test.ts', 'nothing secret is kept, and no key is printed', 'only listed settings are kept'],
  ),
  claim(
    2,
    'Names and answers of a daemon',
    ['audit/formats.test.ts', 'no foreign text controls a terminal or disguises a report'],
    ['audit/formats-html.test.ts', 'hostile texts'],
    ['audit/html-browser.test.ts', 'the script of the page runs, and a changed one does not'],
  ),
  claim(
    3,
    'audit --fix and harden write proposals',
    ['audit/harden/requests.test.ts', 'hostile text', 'secrets are withheld unless they are asked for'],
    ['audit/harden/trial.test.ts', 'no port, name, label or writable mount of it'],
    ['daemon/harden.test.ts', 'leaves nothing behind', 'a copy is removed after Ctrl-C'],
  ),
  claim(4, 'Attacks are replayed', ['attack/attacks.test.ts', 'is stopped by our set-up', 'a weakened set-up']),
  claim(
    4,
    'User namespaces are verified',
    ['machine/userns.test.ts', "sees what a container's root is on the host"],
    [
      'apply/userns.test.ts',
      "a container's uid_map",
      'left alone it ends by itself',
      'the container that shows it has nothing else',
    ],
    ['daemon-config/userns-ranges.test.ts', 'refuses: ${what}', 'overlaps nobody, and is the lowest one'],
    ['daemon/userns-in-force.test.ts', "root's own ids", 'ranges that overlap'],
  ),
  claim(2, 'As a plugin of the docker command', [
    'cli/plugin.test.ts',
    '${typed} is refused',
    'makes one file, which hands every word on as it is',
  ]),
  claim(
    5,
    'With a configuration that docker-mtls renders',
    ['daemon-config/listen.test.ts', 'is refused'],
    ['daemon/systemd.test.ts', 'loads what we render for the unit of'],
    ['endpoint/client-env.test.ts', '${shell}: ${JSON.stringify(folder)} is refused'],
    ['package.test.ts', 'a program in TypeScript compiles against its types, and a weaker one does not'],
  ),

  // Certificates
  claim(
    3,
    'A reader of foreign data',
    ['fuzz/fuzz.test.ts', 'the fuzzer finds', 'the targets have names of their own'],
    ['base/foreign-sizes.test.ts', 'a foreign text takes linear time', 'a foreign text that is too much is refused'],
    ['identity/unwritable-oid.test.ts', 'the process lives on'],
  ),
  claim(
    6,
    'Each certificate has one purpose',
    ['pki/certificates.test.ts', 'a handshake, with each in its own role', 'a serial is positive, and of 20 bytes'],
    ['pki/certificates.test.ts', 'openssl verify -x509_strict', 'says what it should, in the extensions'],
  ),
  claim(
    4,
    "A certificate request can't get more",
    ['pki/request.test.ts', 'a request that is refused', 'with a byte flipped, wherever it is', 'asks for ${what}'],
    ['pki/request.test.ts', 'has a public key that is none: ${what}'],
    ['keystore/folder-sign.test.ts', 'is kept, and gets no second key but by force'],
  ),
  claim(3, 'Two values have to be compared', [
    'cli/client-request.test.ts',
    'both ends print the same fingerprint',
    'takes another authority only by force',
  ]),
  claim(1, 'A PKCS#12 file is as strong', [
    'pki/pkcs12.test.ts',
    'the derivation is that of OpenSSL',
    'that is wrong opens nothing',
  ]),
  claim(
    3,
    'cert rotate-ca replaces a CA',
    ['machine/rotate.test.ts', 'nobody who was up to date was refused at any moment'],
    ['keystore/rotate/inspect-daemon.test.ts', 'what is seen counts more than what was said'],
    ['keystore/rotate/rotate.test.ts', 'nobody has to agree to what is not asked'],
  ),
  claim(2, 'Both CAs are trusted until', [
    'machine/rotate.test.ts',
    'then who has only a certificate of the old one is refused',
  ]),
  claim(
    2,
    'So if somebody else may have a key',
    ['cli/cert.test.ts', 'an authority is replaced by --replace-ca alone'],
    ['machine/support/followed.ts', 'the guide '],
  ),
  claim(1, "A client's old ca.pem", ['machine/rotate.test.ts', 'phase finish: the old one is dropped']),

  // Access policies
  claim(
    6,
    'The daemon gets only what the policy allows',
    ['daemon/policy-gateway.test.ts', 'there are at least 60'],
    ['daemon/authz-plugin.test.ts', 'what dockerd does not show'],
    ['daemon/policy-reading.test.ts', 'random bodies'],
    ['gateway/smuggling.test.ts', 'is refused, and the daemon gets nothing hidden'],
    ['daemon/authz-plugin.test.ts', 'carries nothing past'],
    ['gateway/left-out.test.ts', 'a query parameter that no dockerd reads is left out'],
    ['gateway/only-dockerd.test.ts', 'a gateway sends nothing to a daemon that is not dockerd'],
    ['gateway/only-dockerd.test.ts', 'until another daemon takes its place'],
  ),
  claim(
    2,
    'A caller that no rule fits',
    ['policy/decide.test.ts', 'who no rule is for may do nothing'],
    ['gateway/requests.test.ts', 'a verdict that is none, and one that throws, refuse'],
  ),
  claim(
    2,
    'Whoever works in a container',
    ['policy/decide.test.ts', 'what is sent names containers by the ids that were judged'],
    ['daemon/policy-gateway.test.ts', 'a name that is given to another container between the check and the use'],
  ),
  claim(2, 'A caller whose rule has an owner', [
    'daemon/policy-owner.test.ts',
    'the matrix has a row for each operation',
    'nothing of A has been changed or removed',
  ]),
  claim(
    3,
    'A revoked or expired certificate',
    [
      'gateway/revocation.test.ts',
      'the next request of the revoked client is refused',
      'a list that is older than the one in force',
      'a list that cannot be used refuses everybody',
      'a certificate that expires',
    ],
    ['gateway/files.test.ts', 'a revocation list that is too large refuses everybody'],
    ['gateway/files.test.ts', 'without its revocation list everybody is refused'],
    ['gateway/ca-chain.test.ts', 'is refused on open connections and resumed sessions once the CA above has expired'],
    ['gateway/negative-serial.test.ts', 'is refused once a list of its CA names it'],
  ),
  claim(1, 'A changed policy, certificate or list', [
    'gateway/files.test.ts',
    'nobody notices while everything is replaced',
    'a policy that is half written changes nothing',
  ]),
  claim(
    7,
    "One client can't use up",
    ['gateway/descriptors.test.ts', 'keeps neither another client nor a revocation list out'],
    [
      'gateway/limits.test.ts',
      'limits of one identity',
      'keep a third one from nothing',
      'keep those of another from nothing',
      'in chunks of one byte keeps another client from nothing',
      'counts as held until it has decided',
    ],
    ['gateway/revocation.test.ts', 'a revoked certificate takes no place of its successor'],
    ['policy/decide.test.ts', 'is not read, whatever is in it'],
    ['gateway/waiting-decisions.test.ts', 'a body is asked for only if the answer depends on it'],
    ['daemon/ssh.test.ts', 'answers 50 pings at once over 4 connections'],
  ),
  claim(
    5,
    'With an audit log, the daemon',
    [
      'gateway/log.test.ts',
      'the daemon gets nothing until the line is written',
      'a change whose line is not kept gets ${answer}',
      'contains no secret',
    ],
    ['gateway/log-start.test.ts', 'does not hide ${what}', 'audit.log${end} is refused'],
    [
      'gateway/log-verify.test.ts',
      'a log that was written anew is found only by a hash that was kept',
      'exits with 1 if the head is missing: lines may have been removed at the end',
    ],
  ),
  claim(2, 'What a command of gateway exec --user has started', [
    'daemon/gateway-exec.test.ts',
    'everything that another user has started ends with the command, and with gateway exec',
    'another user gets no descriptor of root but the first three',
  ]),
  claim(
    1,
    'gateway exec --user refuses a --bind',
    [
      'base/folder-writers.test.ts',
      '--bind refuses a folder that its owner can rename in a folder with the sticky bit',
    ],
    ['daemon/gateway-exec.test.ts', 'another user may not be able to replace what is mounted'],
  ),
  claim(1, 'As a service, the gateway', ['machine/gateway.test.ts', 'it runs as a user of its own']),
  claim(
    3,
    'setup --gateway runs no Node.js',
    [
      'machine/setup-gateway.test.ts',
      'a host ${name} is refused',
      'the service runs the copy, which only root can change',
      'a damaged copy is replaced',
    ],
    ['setup/gateway.test.ts', 'others than root may not write to the folder of the copy, but for staff in /usr/local'],
  ),

  // Supply chain
  claim(3, 'No runtime dependency has an install script', [
    'package.test.ts',
    'brings nothing that is built or run while it is installed',
  ]),
  claim(2, 'The package contains code of commander', [
    'package.test.ts',
    'names the packages whose code it contains, each with its version and its licence',
  ]),
]
