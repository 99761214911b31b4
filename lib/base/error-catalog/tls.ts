/** TLS with the daemon: its certificate, ours, and what answers on the port. */
export const TLS_ERRORS = {
  ERR_SERVER_PLAINTEXT: {
    meaning: "The server doesn't speak TLS on that port.",
    cause: 'An unprotected Docker daemon, or another service.',
    remedy: 'If it is your daemon, secure it: `docker-mtls setup ssh://root@HOST`. Otherwise correct the port.',
  },
  ERR_SERVER_NOT_DOCKER: {
    meaning: 'Something answered, but not as a Docker daemon does.',
    cause:
      "A wrong port, a reverse proxy that doesn't pass `/_ping` or that uses HTTP/1.0, or an ssh login that prints text.",
    remedy: "Correct host, port or path prefix. For `ssh://`, make the login print nothing when it isn't interactive.",
  },
  ERR_SERVER_NOT_DOCKERD: {
    meaning:
      "The daemon isn't dockerd, or doesn't say that it is. A gateway's policy can judge requests to dockerd only.",
    cause: 'Podman or another daemon behind the gateway, or a proxy that changes `Server` and refuses `/version`.',
    remedy:
      'Put the gateway in front of dockerd. Other daemons, such as Podman, need rules with the level `privileged`.',
  },
  ERR_SERVER_TLS_TOO_OLD: {
    meaning: 'The server supports neither TLS 1.2 nor TLS 1.3.',
    cause: 'A very old daemon or a TLS proxy in front of it.',
    remedy: 'Update the server or the proxy.',
  },
  ERR_SERVER_NO_COMMON_CIPHER: {
    meaning: 'The server and docker-mtls share no cipher suite or key type.',
    cause: 'The server allows only suites without forward secrecy or without AEAD.',
    remedy:
      'Enable an ECDHE suite with AES-GCM or ChaCha20-Poly1305, and use a P-256, P-384, Ed25519 or RSA certificate.',
  },
  ERR_SERVER_NAME_MISMATCH: {
    meaning: "The server's certificate is for other names than the one you connect to.",
    cause: "You use an address or alias that wasn't listed when the certificate was issued.",
    remedy:
      'Connect by a name from the message, or run `docker-mtls setup` again with `--name`. If you secured the host with `init`, issue the certificate again with all names, `docker-mtls cert server NAMES... --force`, and copy it to the host.',
  },
  ERR_SERVER_NAME_MISSING: {
    meaning:
      "The server's certificate has no subject alternative name. Common names don't count (RFC 9110, section 4.3.4).",
    cause: 'The certificate was made with an old OpenSSL recipe.',
    remedy: 'Issue it again with its names: `docker-mtls cert server NAMES... --force`, then copy it to the host.',
  },
  ERR_SERVER_CERT_EXPIRED: {
    meaning: "The server's certificate, or the CA that issued it, has expired.",
    cause: "It wasn't renewed, or it was renewed but dockerd wasn't restarted.",
    remedy:
      'Renew it where the CA is: `docker-mtls cert renew --server`, then run `setup`, `daemon apply` or `gateway apply` again.',
  },
  ERR_SERVER_CERT_NOT_YET_VALID: {
    meaning: "The server's certificate isn't valid yet.",
    cause: 'One of the two clocks is wrong.',
    remedy: 'Compare `date -u` on both machines.',
  },
  ERR_SERVER_CERT_PURPOSE: {
    meaning: "The server presents a certificate that isn't for servers.",
    cause: "A client certificate was configured as the daemon's `--tlscert`.",
    remedy: 'Give the daemon `server-cert.pem` and `server-key.pem`.',
  },
  ERR_SERVER_CERT_UNTRUSTED: {
    meaning: "No CA in `ca.pem` issued the server's certificate.",
    cause: '`ca.pem` belongs to another CA, or someone intercepts the connection.',
    remedy:
      "Copy `ca.pem` from the machine that keeps this host's CA. If you have that file already, don't connect: someone may be intercepting the connection.",
  },
  ERR_SERVER_CERT_WEAK: {
    meaning: "The key or signature in the server's certificate chain is below 112 bits of security.",
    cause: 'An RSA key under 2048 bits, or SHA-1.',
    remedy: 'Issue it again: `docker-mtls cert server NAMES... --force`.',
  },
  ERR_SERVER_CA_KEY_DIFFERS: {
    meaning: "The server's CA has the same name as yours, but another key.",
    cause: 'The CA was replaced, and this machine still has the old `ca.pem`.',
    remedy:
      "Copy the new `ca.pem`. If nobody replaced the CA, don't connect: someone may be intercepting the connection.",
  },
  ERR_CLIENT_CERT_REQUIRED: {
    meaning: 'The daemon got no client certificate that it accepts.',
    cause: "The certificate's CA isn't in the daemon's `--tlscacert`, or a dispatcher was created without an identity.",
    remedy: "Use a certificate of the daemon's CA: `docker-mtls cert client NAME`.",
  },
  ERR_CLIENT_CERT_REFUSED: {
    meaning: 'dockerd rejected the client certificate.',
    cause: "It is a server certificate, or its key type isn't supported.",
    remedy:
      "Read the reason in the daemon's log (`journalctl -u docker`) and issue a new certificate: `docker-mtls cert client NAME`.",
  },
  ERR_CLIENT_CERT_EXPIRED: {
    meaning: "dockerd says that the client certificate has expired or isn't valid yet.",
    cause: 'The certificate expired, or the two clocks differ.',
    remedy: 'Compare `date -u` on both machines. If they agree, renew it: `docker-mtls cert renew NAME`.',
  },
  ERR_CLIENT_CERT_UNTRUSTED: {
    meaning: "dockerd doesn't know the CA that issued the client certificate.",
    cause: "The client has files of another CA, or the daemon's CA was replaced.",
    remedy: "Export the client's files again from the CA in the daemon's `--tlscacert`.",
  },
  ERR_TLS_FAILED: {
    meaning: 'The TLS handshake failed for a reason without a code of its own. The message quotes OpenSSL.',
    cause: 'A proxy or middlebox that changes TLS, or a server with an unusual configuration.',
    remedy: "Read the daemon's log: `journalctl -u docker`.",
  },
}
