/** The client's own key, certificate and CA. Found before a byte leaves the machine. */
export const IDENTITY_ERRORS = {
  ERR_IDENTITY_FILE_MISSING: {
    meaning: "`ca.pem`, `cert.pem` or `key.pem` isn't in the folder.",
    cause: 'The wrong folder in `DOCKER_CERT_PATH` or `certPath`, or a copy that is incomplete.',
    remedy:
      'Name the folder that holds all three files. To get them, run `docker-mtls client export NAME --out NAME.tar` on the machine that keeps the CA.',
  },
  ERR_IDENTITY_FILE_UNREADABLE: {
    meaning: "One of the files exists, but this user can't read it.",
    cause: 'It belongs to another user, often root, or it is a folder.',
    remedy: 'Give the file to the user who connects: `chown USER FILE`. Keep the mode of `key.pem` at 0600.',
  },
  ERR_IDENTITY_NOT_PEM: {
    meaning: "The file isn't PEM text of the expected kind.",
    cause: 'A DER or PKCS#12 file, a key in place of a certificate, or a file that was cut short.',
    remedy: 'Use the PEM file. `openssl x509 -inform DER -in FILE` converts a DER certificate.',
  },
  ERR_IDENTITY_CERT_INVALID: {
    meaning: "The client certificate can't be parsed, or OpenSSL refuses to use it.",
    cause: "A damaged file, or a certificate made by a tool that doesn't follow RFC 5280.",
    remedy: 'Copy it again, or issue a new one: `docker-mtls cert client NAME`.',
  },
  ERR_IDENTITY_KEY_INVALID: {
    meaning: "The private key can't be parsed.",
    cause: 'A damaged file, or a public key or certificate in `key.pem`.',
    remedy: 'Copy the key again. If it is lost, issue a new pair: `docker-mtls cert client NAME --force`.',
  },
  ERR_IDENTITY_KEY_ENCRYPTED: {
    meaning: 'The private key is encrypted, and no passphrase was given.',
    cause: '`key.pem` was made with a passphrase.',
    remedy: "Pass the option `passphrase`, or decrypt the key. The Docker CLI can't read encrypted keys.",
  },
  ERR_IDENTITY_PASSPHRASE: {
    meaning: "The passphrase doesn't decrypt the private key.",
    cause: 'A wrong passphrase, or the line break at the end of the file it was read from.',
    remedy: 'Pass the right passphrase, without a line break.',
  },
  ERR_IDENTITY_KEY_MISMATCH: {
    meaning: "The private key doesn't belong to the client certificate.",
    cause: "Files from two different clients, or a server's key beside a client's certificate.",
    remedy: 'Use `cert.pem` and `key.pem` that were issued together.',
  },
  ERR_IDENTITY_KEY_TYPE: {
    meaning: "dockerd can't verify a key of this type or size.",
    cause: 'An RSA key under 2048 bits, or a curve other than P-256, P-384, P-521 or Ed25519.',
    remedy: 'Issue a new pair: `docker-mtls cert client NAME --force`. The default is P-256.',
  },
  ERR_IDENTITY_EXPIRED: {
    meaning: 'The client certificate has expired.',
    cause: 'It reached the end of its life, 397 days by default.',
    remedy: 'Renew it where the CA is (`docker-mtls cert renew NAME`) and copy the new files here.',
  },
  ERR_IDENTITY_NOT_YET_VALID: {
    meaning: "The client certificate isn't valid yet.",
    cause: "This machine's clock is behind. docker-mtls backdates certificates by an hour.",
    remedy: 'Correct the clock: compare `date -u` on both machines.',
  },
  ERR_IDENTITY_PURPOSE: {
    meaning: "The certificate's extended key usage doesn't allow client authentication.",
    cause: '`server-cert.pem` was copied as `cert.pem`.',
    remedy:
      'Name the folder of a client, such as `docker-mtls/clients/alice`. To issue a client certificate: `docker-mtls cert client NAME`.',
  },
  ERR_IDENTITY_SIGNATURE: {
    meaning: 'The client certificate has a signature algorithm that dockerd refuses, such as SHA-1.',
    cause: 'An old certificate, or an old CA tool.',
    remedy: 'Issue a new one: `docker-mtls cert client NAME --force`.',
  },
  ERR_IDENTITY_ISSUER: {
    meaning: "A CA that isn't in `ca.pem` issued the client certificate.",
    cause: 'Files from two CAs, or the CA was replaced and only some files were updated.',
    remedy:
      'Use three files that were issued together. If your clients and servers have different CAs on purpose, set `foreignClientCa: true`.',
  },
  ERR_IDENTITY_CA_INVALID: {
    meaning: "`ca.pem` holds a certificate that can't verify a server.",
    cause: 'A server or client certificate, or a CA without the needed key usage, was copied as `ca.pem`.',
    remedy: "Put the certificate of the CA that issued the daemon's certificate into `ca.pem`.",
  },
  ERR_IDENTITY_CA_EXPIRED: {
    meaning: 'The CA certificate in `ca.pem` has expired.',
    cause: 'The CA reached the end of its life, 3,650 days by default, or `ca.pem` is an old copy.',
    remedy: 'Copy the current `ca.pem`. If the CA itself has expired, replace it: `docker-mtls cert ca --replace-ca`.',
  },
  ERR_IDENTITY_CHANGED_INVALID: {
    meaning: "The certificate files changed while the client was open, and the new ones can't be used.",
    cause: 'A renewal was copied only partly.',
    remedy: 'Complete the copy. The next connection reads the files again.',
  },
  ERR_GATEWAY_TLS_INVALID: {
    meaning: "The certificates of a gateway can't be used.",
    cause: "A key that doesn't belong to the certificate, a CA without a certificate, or text that OpenSSL can't read.",
    remedy: 'Pass the PEM texts of the CA, and of a server certificate with its own key.',
  },
}
