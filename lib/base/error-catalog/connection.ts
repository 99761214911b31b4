/** Reaching the daemon: DNS, TCP, sockets, and what a dispatcher refuses to do. */
export const CONNECTION_ERRORS = {
  ERR_NAME_NOT_RESOLVED: {
    meaning: 'DNS knows no address for the host.',
    cause: 'A typo, or a name that only another network or only ssh knows.',
    remedy: "Check the spelling and DNS, or use the IP address if the server's certificate lists it.",
  },
  ERR_CONNECTION_REFUSED: {
    meaning: 'The host answered, but nothing listens on that port or socket.',
    cause: "dockerd isn't running, or it listens on another port.",
    remedy: 'On the server, check `systemctl status docker` and `docker-mtls daemon status`.',
  },
  ERR_HOST_UNREACHABLE: {
    meaning: 'There is no route to the host.',
    cause: 'A wrong address, a VPN that is down, or a firewall.',
    remedy: 'Run `docker-mtls doctor`, which tries each address of the host. Then check the VPN and the firewall.',
  },
  ERR_CONNECT_TIMEOUT: {
    meaning: "The host didn't answer within `connectTimeout`.",
    cause: 'A firewall drops packets to the port, or the host is down.',
    remedy:
      'Run `docker-mtls doctor`. Open port 2376 for this machine, or increase `connectTimeout` for a slow network.',
  },
  ERR_HANDSHAKE_TIMEOUT: {
    meaning: "The TCP connection opened, but the TLS handshake didn't finish in time.",
    cause: 'The port belongs to another service, or the server is overloaded.',
    remedy: 'Run `docker-mtls doctor`, which shows what listens there. For a slow server, increase `connectTimeout`.',
  },
  ERR_QUEUE_TIMEOUT: {
    meaning: 'The call waited for a connection for longer than `connectTimeout`, because other calls get no answer.',
    cause: 'A daemon that hangs, perhaps in a single operation. The message names the oldest call.',
    remedy: 'Check the load of the daemon. Abort calls that hang with their option `signal`.',
  },
  ERR_RESPONSE_TIMEOUT: {
    meaning:
      "The connection is open, but the answer didn't arrive or stopped halfway, or the daemon took no more of the request.",
    cause: 'An overloaded daemon, or a proxy or firewall that holds the answer back.',
    remedy:
      'Check the load of the daemon and the network between you and the daemon, then call again. For a call that may be silent for longer, increase `idleTimeout`.',
  },
  ERR_CALL_TIMEOUT: {
    meaning: 'The call had not ended when the time of its option `timeout` was up.',
    cause: 'It takes longer than you expected, or the daemon or the network is slow.',
    remedy:
      'Increase `timeout`, or check the load of the daemon. The message says what goes on in the daemon, if anything.',
  },
  ERR_ANSWER_TOO_LARGE: {
    meaning:
      'The answer to a call is larger than `maxAnswerBytes`, or holds more JSON values than an answer of that size would.',
    cause: "A daemon with tens of thousands of objects, or a server that isn't a Docker daemon.",
    remedy: 'Ask for less, for example with filters. For a very large daemon, increase the option `maxAnswerBytes`.',
  },
  ERR_CONNECTION_RESET: {
    meaning: 'The other side cut the connection.',
    cause:
      'The daemon was stopped, a firewall or proxy cut the connection, or sshd dropped a login because too many came at once.',
    remedy: 'Check `systemctl status docker` and the devices in between, then call again.',
  },
  ERR_CONNECTION_CLOSED: {
    meaning: 'The other side closed the connection before the answer was complete, or stopped responding.',
    cause: 'The daemon or its host was restarted.',
    remedy: "Call again, and read the daemon's log: `journalctl -u docker`.",
  },
  ERR_CONNECTION_FAILED: {
    meaning: 'The connection failed for a reason without a code of its own. The message quotes it.',
    cause: 'An unusual network or system error.',
    remedy: "Run `docker-mtls doctor`, and read the daemon's log: `journalctl -u docker`.",
  },
  ERR_SOCKET_NOT_FOUND: {
    meaning: "The local socket doesn't exist.",
    cause: "Docker isn't running on this machine (or on the ssh host), or you meant a remote daemon.",
    remedy: 'Start Docker, or name the daemon with `DOCKER_HOST` or `DOCKER_CONTEXT`.',
  },
  ERR_SOCKET_PERMISSION: {
    meaning: 'This user may not open the local socket.',
    cause: "The user isn't root and isn't in the group `docker`.",
    remedy: 'Run as root or as a member of the group `docker`. Members of that group can become root.',
  },
  ERR_WRONG_ORIGIN: {
    meaning: "The request would go to another server, or outside the daemon's path prefix.",
    cause:
      'An absolute URL of another host, a path outside the prefix, dot segments, CONNECT, or a `Host` header of your own.',
    remedy: 'Send it with another HTTP client. A dispatcher never gives its certificate to another host.',
  },
  ERR_REDIRECT_REFUSED: {
    meaning: "The answer is a redirect. The Engine API sends none, so docker-mtls doesn't follow it.",
    cause: 'A web server or reverse proxy answers instead of dockerd.',
    remedy: 'Put the final address into `DOCKER_HOST`.',
  },
  ERR_BRIDGE_UNSUPPORTED: {
    meaning: "`bridge()` can't forward to this endpoint.",
    cause: 'An endpoint with a path prefix, or a bridge on Windows.',
    remedy: 'Use the library or `toHttpsAgent()` for this endpoint.',
  },
  ERR_GATEWAY_LISTEN: {
    meaning: "A gateway can't listen on its port.",
    cause:
      "Another program, perhaps dockerd, listens there, the address isn't one of this machine, or the process can have fewer than 256 files and connections open.",
    remedy: 'Choose another port or address, or stop the other program; or raise the limit that the message names.',
  },
  ERR_RUNTIME_UNSUPPORTED: {
    meaning: 'This needs the TLS of Node.js, and the process runs in Deno or Bun. Nothing was sent.',
    cause: 'A probe, `diagnose()` or the `docker-mtls` command, started by another runtime.',
    remedy: 'Run it with Node.js. In Deno and Bun, docker-mtls is only a client.',
  },
  ERR_CLIENT_CLOSED: {
    meaning:
      'The call was made, or still running, when the client was closed. Or you closed a stream of which you awaited the whole output.',
    cause:
      'The client or the stream was closed while work was still running. A loop over a stream that you close ends without an error.',
    remedy: 'Close it after the last answer, or create a new client with `connect()`.',
  },
  ERR_GATEWAY_REQUIRED: {
    meaning: '`docker.may()` asks a gateway of docker-mtls, and the server is none. Nothing was carried out.',
    cause: 'The client is connected to a daemon itself, or to another proxy.',
    remedy: 'Connect to a gateway, or decide by the policy in your own code: `decide()` of `docker-mtls/policy`.',
  },
  ERR_RENEWAL_UNAVAILABLE: {
    meaning: "The gateway can't renew the certificate now.",
    cause:
      'Its issuer has expired or is missing, its revocation list or audit log is not in order, or the certificate was renewed a second ago.',
    remedy: 'Read the reason in the message. `client renew --watch` tries again until the certificate expires.',
  },
}
