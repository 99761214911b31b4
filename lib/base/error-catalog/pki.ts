/** Issuing, renewing and keeping certificates. */
export const PKI_ERRORS = {
  ERR_NAME_INVALID: {
    meaning: "A name for a CA, server, client or folder isn't allowed.",
    cause:
      "Characters that certificates or file names can't contain, an invalid DNS name, or a new CA with the name of the old one.",
    remedy: 'Use the form that the message suggests.',
  },
  ERR_DAYS_INVALID: {
    meaning: "The lifetime isn't a whole number of days in the allowed range.",
    cause: 'A value such as `90d`, 0, or more days than the maximum.',
    remedy: 'Pass a whole number of days.',
  },
  ERR_KEY_TYPE_INVALID: {
    meaning: "The key type isn't known.",
    cause: 'A typo in `--key-type` or `keyType`.',
    remedy: 'Use one of the types that the message lists.',
  },
  ERR_CA_MISSING: {
    meaning: 'The folder has no CA.',
    cause: 'The wrong folder, or the CA was moved away from the certificates that it issued.',
    remedy:
      'Name the folder that `init` created with `--dir`, or restore its `ca/`. The message names the CAs nearby. Create a new CA only if you never had one.',
  },
  ERR_CA_NEARBY: {
    meaning: 'The command would create a second CA although there is one nearby, and nobody can be asked.',
    cause: 'A script that runs in another folder than the one with `docker-mtls/`.',
    remedy:
      'Use the existing CA with the command in the message. If you want a second CA, name its folder with `--dir` (`--out` of `init`).',
  },
  ERR_CA_HOME_INVALID: {
    meaning: "`DOCKER_MTLS_HOME`, the folder for a CA outside of projects, isn't an absolute path.",
    cause: 'A relative path, or a `~` that the shell did not expand.',
    remedy: 'Set it to an absolute path, or unset it.',
  },
  ERR_CA_EXISTS: {
    meaning: 'A CA is already there, and the call would replace it or change how its key is stored.',
    cause:
      "`--encrypt-ca-key` with an existing CA whose key isn't encrypted, or `client install` with a file from another CA.",
    remedy:
      'To encrypt an existing key, run the `openssl` command in the message. Before you let a client trust another CA, compare the SHA-256 of that CA over another channel.',
  },
  ERR_CA_INVALID: {
    meaning: "The CA's files can't be used to sign.",
    cause: "`ca-key.pem` is missing, or it doesn't belong to `ca.pem`.",
    remedy: 'Restore the file from a backup. Without a backup, replace the CA: `docker-mtls cert ca --replace-ca`.',
  },
  ERR_CA_EXPIRED: {
    meaning: "The CA has expired and can't issue certificates.",
    cause: 'It reached the end of its life.',
    remedy: 'Replace it (`docker-mtls cert ca --replace-ca`) and issue all certificates again.',
  },
  ERR_CA_PASSPHRASE: {
    meaning: "The CA key's passphrase is missing, wrong, empty or too long.",
    cause: 'No terminal to ask on, or a wrong passphrase file.',
    remedy: 'Pass `--ca-passphrase-file FILE`, or run the command in a terminal.',
  },
  ERR_SERVER_NAMES_CHANGED: {
    meaning: 'The server certificate exists, and its names would change.',
    cause: 'You named other or fewer names than last time, or another server.',
    remedy: 'Add `--force` to issue it again, or give another server a folder of its own: `--host NAME`.',
  },
  ERR_CERTIFICATE_INVALID: {
    meaning: "A certificate can't be read, or a certificate that was just signed failed verification.",
    cause: 'A wrong or damaged file.',
    remedy: 'Name a file with one certificate, as PEM or DER, such as `cert.pem`, `server-cert.pem` or `ca.pem`.',
  },
  ERR_PKI_FILE_INVALID: {
    meaning: "Files of a server or client are missing, don't belong together or can't be used.",
    cause: 'An incomplete copy, or files that were edited or mixed up.',
    remedy: 'Copy the whole folder again, or issue the certificate again with the command in the message.',
  },
  ERR_CLIENT_NOT_FOUND: {
    meaning: 'The folder has no client or server of that name.',
    cause: 'A typo, or another folder than you meant.',
    remedy: 'List the certificates: `docker-mtls cert list`.',
  },
  ERR_GRANT_EXISTS: {
    meaning: 'There is a grant of that name, which has not ended.',
    cause: 'A grant never replaces another one: the certificate of that would stay valid.',
    remedy: 'Use another name, or end the grant: `docker-mtls grant end NAME`.',
  },
  ERR_GRANT_NOT_FOUND: {
    meaning: 'Neither the folder nor the policy file has an open grant of that name.',
    cause:
      'A typo, another folder or policy file than you meant, a rule whose certificate the CA of another folder issued, or the grant has ended and was removed.',
    remedy: 'List the grants: `docker-mtls grant list`.',
  },
  ERR_CLIENT_FOLDER_FOREIGN: {
    meaning: 'The folder of a client contains files that docker-mtls did not create, so it is not removed.',
    cause: "Somebody keeps files of their own beside the client's.",
    remedy: 'Move them to another place, then remove the client again.',
  },
  ERR_CLIENT_KEY_ELSEWHERE: {
    meaning: "This needs the client's private key, and that key has never been on this machine.",
    cause: 'The client was signed from a request (`cert sign`).',
    remedy: "Run the command on the client's machine, or sign a new request from it.",
  },
  ERR_REQUEST_INVALID: {
    meaning: "The certificate request can't be read, or its signature doesn't verify.",
    cause: 'A damaged file, or a file of another kind.',
    remedy: 'Create it again on the client: `docker-mtls client request NAME`.',
  },
  ERR_REQUEST_REFUSED: {
    meaning:
      'The certificate request asks for more than a client certificate, uses a name that is in use, or has another key than you expected.',
    cause: 'The wrong request, a second client with the same name, or a request for a server or CA.',
    remedy:
      'Compare the SHA-256 of the key. For the same client with a new key, use `--force`; for another client, use another name.',
  },
  ERR_PKCS12_PASSPHRASE: {
    meaning: 'The passphrase for the PKCS#12 file is missing, empty or too long.',
    cause: 'No terminal to ask on.',
    remedy: 'Pass `--p12-passphrase-file FILE` with 1 to 1,024 bytes.',
  },
  ERR_LEDGER_INVALID: {
    meaning: "A line of the ledger can't be parsed.",
    cause: 'The file was edited or damaged.',
    remedy:
      'Correct or remove the line that the message names; the other lines stay valid. Then accept the ledger as it is: `docker-mtls cert adopt --accept-changes`.',
  },
  ERR_LEDGER_MISMATCH: {
    meaning: 'The certificates in the folder and the ledger disagree.',
    cause: 'A certificate was copied in, removed or issued by another tool.',
    remedy: 'Run the command in the message. `docker-mtls cert adopt` records certificates that you know.',
  },
  ERR_ROTATION_INVALID: {
    meaning: 'The files of a CA rotation are missing or were changed.',
    cause: 'A file was edited or deleted during the rotation.',
    remedy: 'Restore the file from a backup. Until then, docker-mtls changes nothing.',
  },
  ERR_ROTATION_NONE: {
    meaning: 'No CA rotation is in progress.',
    cause: 'It has finished or was aborted, or this is another folder.',
    remedy: 'Start one with `docker-mtls cert rotate-ca`.',
  },
  ERR_ROTATION_PHASE: {
    meaning: 'The rotation is in another phase than your command needs.',
    cause:
      'You repeated a command from an earlier phase, or confirmed the delivery of files that this command has only just created.',
    remedy: 'See the current phase: `docker-mtls cert rotate-ca --status`.',
  },
  ERR_ROTATION_UNDERWAY: {
    meaning: 'A CA rotation is in progress, and this would interfere with it.',
    cause: 'You tried to replace the CA, or to change the settings of the new CA, before the rotation has finished.',
    remedy: 'Continue it with `docker-mtls cert rotate-ca`, or abort it with `--abort` while that is possible.',
  },
  ERR_CLIENT_REVOKED: {
    meaning: 'The client was revoked, so it gets no new certificate by accident.',
    cause:
      'You or a script issued, renewed or signed a certificate for a name that `cert revoke` has revoked, or signed the key of a revoked certificate.',
    remedy:
      'Use another name. If the client may come back, issue a new certificate with `cert client NAME --force`; the revoked ones stay revoked. `cert sign` needs a request with a new key: `client request NAME --force`. An issuer gets a new key by `cert issuer NAME --force`.',
  },
  ERR_CRL_INVALID: {
    meaning: "A certificate revocation list (CRL) can't be created or used.",
    cause:
      "A serial number or date that isn't one, or a text that isn't a CRL as PEM, is only a part of one (a delta, or the list of a distribution point), or is older than the list in force.",
    remedy: 'Correct what the message names. Check a list with `openssl crl -in crl.pem -noout -text`.',
  },
  ERR_ISSUER_INVALID: {
    meaning: "The issuer with which a gateway renews certificates can't be used.",
    cause:
      "Its certificate and key are not those that `cert issuer` created, or don't belong together; or none of the CAs of the gateway has signed it, which is only a warning: nothing is renewed, and all else goes on.",
    remedy:
      'Create an issuer with `cert issuer` on the machine of the CA, and copy both files to the host of the gateway.',
  },
  ERR_RENEWAL_REFUSED: {
    meaning: "The certificate can't be renewed through the gateway.",
    cause:
      'The server is no gateway of docker-mtls, or has no issuer; the policy has no `renew` for you; the certificate was revoked; the one at the beginning of its line has expired; or what came back is no renewed certificate of yours.',
    remedy: 'Read the reason in the message. A new certificate from the machine of the CA begins a new line.',
  },
}
