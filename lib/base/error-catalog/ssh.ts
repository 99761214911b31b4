/** Reaching the daemon through ssh or an HTTP proxy. */
export const SSH_AND_PROXY_ERRORS = {
  ERR_SSH_NOT_INSTALLED: {
    meaning: 'There is no `ssh` program on the PATH.',
    cause: "OpenSSH's client isn't installed.",
    remedy: 'Install it (Debian: `openssh-client`).',
  },
  ERR_SSH_HOST_KEY_UNKNOWN: {
    meaning: "The host's key isn't in `known_hosts`, or ssh is configured not to check it.",
    cause: 'The first connection to this host. docker-mtls never accepts a key for you.',
    remedy: 'Run `ssh HOST` once in a terminal and compare the fingerprint before you accept it.',
  },
  ERR_SSH_HOST_KEY_CHANGED: {
    meaning: 'The host presents another key than the one in `known_hosts`.',
    cause: 'The host was reinstalled, or someone intercepts the connection.',
    remedy: 'Find out which it is before you connect. `ssh HOST` shows how to remove the old key.',
  },
  ERR_SSH_LOGIN_REFUSED: {
    meaning: 'The ssh server accepted none of your keys.',
    cause: "Your public key isn't in `authorized_keys`, or your private key has a passphrase and isn't in ssh-agent.",
    remedy: 'Add the public key on the host, and load keys with a passphrase into ssh-agent.',
  },
  ERR_SSH_DOCKER_MISSING: {
    meaning: "The remote login can't run `docker system dial-stdio`.",
    cause: "The Docker CLI isn't installed there, is older than 18.09, or isn't on the PATH of non-interactive logins.",
    remedy: 'Install the Docker CLI on the host and put it on that PATH.',
  },
  ERR_SSH_FAILED: {
    meaning: 'ssh ended without a connection, for a reason without a code of its own.',
    cause: 'A rule in `~/.ssh/config`, a restricted login, or ssh was killed.',
    remedy: 'Try `ssh HOST docker version` in a terminal.',
  },
  ERR_PROXY_UNREACHABLE: {
    meaning: "The proxy can't be reached.",
    cause: 'A wrong host or port in the option `proxy`, or the proxy is down.',
    remedy: 'Correct the option `proxy`, or start the proxy.',
  },
  ERR_PROXY_AUTH_REQUIRED: {
    meaning: 'The proxy wants credentials, or rejected those you gave.',
    cause: 'Missing or wrong user and password, or a scheme other than Basic.',
    remedy: 'Pass `http://USER:PASSWORD@PROXY:PORT`, with special characters percent-encoded.',
  },
  ERR_PROXY_REFUSED: {
    meaning: "The proxy doesn't allow a tunnel to that host and port.",
    cause: 'Its configuration allows CONNECT only to port 443.',
    remedy: 'Allow CONNECT to port 2376 (squid: `SSL_ports`; tinyproxy: `ConnectPort`).',
  },
  ERR_PROXY_BAD_GATEWAY: {
    meaning: "The proxy couldn't reach the daemon.",
    cause: "The name or address isn't known where the proxy runs, or the daemon is down.",
    remedy: 'Use a name that the proxy can resolve, and check the daemon.',
  },
  ERR_PROXY_INVALID: {
    meaning: "The server at the proxy's address isn't an HTTP proxy.",
    cause: 'A wrong port, a SOCKS proxy, or a proxy that expects TLS.',
    remedy: 'Use the address of an HTTP proxy that is reached without TLS.',
  },
}
