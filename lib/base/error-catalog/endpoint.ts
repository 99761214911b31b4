/** Which endpoint was meant: hosts, DOCKER_* variables, `.env` files and contexts. */
export const ENDPOINT_ERRORS = {
  ERR_HOST_INVALID: {
    meaning: "A host or endpoint can't be parsed, or it can't be used for this call.",
    cause:
      "A typo in `DOCKER_HOST`, `--host` or the option `host`: a user name, a query, a port outside 1 to 65535, or a socket path that isn't absolute.",
    remedy: 'Write the host as `tcp://NAME:2376`, `unix:///PATH`, `npipe:////./pipe/NAME` or `ssh://USER@HOST`.',
  },
  ERR_HOST_REQUIRED: {
    meaning: 'TLS settings are present, but nothing names the daemon.',
    cause:
      '`DOCKER_TLS_VERIFY` or `DOCKER_CERT_PATH` is set without `DOCKER_HOST`, or certificates were passed to `connect()` without `host`.',
    remedy: 'Set `DOCKER_HOST=tcp://HOST:2376`, choose a context, or pass `host` together with the certificates.',
  },
  ERR_PLAINTEXT_REFUSED: {
    meaning: 'The host is given as `http://`. docker-mtls never sends an API request over plaintext TCP.',
    cause: 'A URL copied from a setup without TLS.',
    remedy: 'Secure the daemon (`docker-mtls setup` or `docker-mtls init`), then use `tcp://HOST:2376`.',
  },
  ERR_PLAINTEXT_PORT: {
    meaning: "The host names port 2375, Docker's plaintext port.",
    cause: '`DOCKER_HOST=tcp://HOST:2375`, or client variables rendered from a host without a port.',
    remedy: 'Use the TLS port, 2376. If your daemon really serves TLS on 2375, set the option `tlsOnPort2375: true`.',
  },
  ERR_TLS_VERIFY_REQUIRED: {
    meaning:
      "A TCP host is set, but `DOCKER_TLS_VERIFY` isn't. The Docker CLI would connect without TLS or without verifying the server.",
    cause: 'Only `DOCKER_HOST` was exported, or `DOCKER_TLS` was used instead of `DOCKER_TLS_VERIFY`.',
    remedy: 'Run `export DOCKER_TLS_VERIFY=1`.',
  },
  ERR_API_VERSION_INVALID: {
    meaning: "`DOCKER_API_VERSION` or the option `apiVersion` isn't an Engine API version.",
    cause: 'An Engine version such as `26.1.5` instead of an API version, or a word such as `latest`.',
    remedy: 'Write it as `1.44`, or leave it out so that docker-mtls negotiates the version.',
  },
  ERR_IDENTITY_REQUIRED: {
    meaning: 'A TCP host was given without certificates.',
    cause:
      '`host` was passed to `connect()` or `context create` without `certPath` or `ca`, `cert` and `key`. Options are never mixed with the environment.',
    remedy: 'Pass `certPath`, a folder with `ca.pem`, `cert.pem` and `key.pem`, or pass `ca`, `cert` and `key`.',
  },
  ERR_CERT_PATH_INVALID: {
    meaning: "`DOCKER_CERT_PATH` or the option `certPath` isn't a usable path.",
    cause: 'An unexpanded variable, or a `~user` form. Only a leading `~/` is expanded.',
    remedy: 'Write the absolute path of the folder.',
  },
  ERR_ENV_FILE_INVALID: {
    meaning: "The `.env` file that you named can't be read or parsed.",
    cause: "A wrong path, missing permissions, or a line that isn't `NAME=value`.",
    remedy: 'Correct the path or the line that the message names.',
  },
  ERR_CONFIG_INVALID: {
    meaning: "The Docker CLI's configuration can't be read: `config.json`, or the folder named by `DOCKER_CONFIG`.",
    cause: 'Broken JSON after editing by hand, missing permissions, or `DOCKER_CONFIG` naming a file.',
    remedy: 'Correct the file, or point `DOCKER_CONFIG` to a folder that you can read.',
  },
  ERR_CONTEXT_NOT_FOUND: {
    meaning: 'There is no Docker context of that name.',
    cause: 'A typo, a context of another user, or another `DOCKER_CONFIG`.',
    remedy: 'List the contexts with `docker-mtls context ls` and choose one of them.',
  },
  ERR_CONTEXT_NAME_INVALID: {
    meaning: 'No Docker context can have this name.',
    cause: 'A character that the Docker CLI refuses, a name of one character, or `default`, which is reserved.',
    remedy: 'Use at least two characters of `A-Z a-z 0-9 _ . + -`, and begin with a letter or a digit.',
  },
  ERR_CONTEXT_INVALID: {
    meaning: "The files of the context can't be used.",
    cause: 'An unreadable `meta.json`, or a folder that was copied under another name.',
    remedy: 'Run `docker context rm NAME`, and create the context again.',
  },
  ERR_CONTEXT_INSECURE: {
    meaning: 'The context would connect without verified mutual TLS.',
    cause:
      'It sets `SkipTLSVerify`, or its TCP host lacks `ca.pem`, `cert.pem` or `key.pem`. The Docker CLI would use it anyway.',
    remedy:
      'Create it again with all three files: `docker-mtls context create NAME --host HOST --cert-path DIR --force`.',
  },
  ERR_CONTEXT_EXISTS: {
    meaning: 'A context of that name already exists.',
    cause: 'An earlier `context create`, `context import` or `setup`, or a context you made for another host.',
    remedy:
      'Choose another name, or replace it with `--force`. If `setup` says that it connects as another client, name that one with `--client`.',
  },
  ERR_CONTEXT_IN_USE: {
    meaning: "The context is the current one, so docker-mtls doesn't remove it.",
    cause: '`currentContext` in `config.json` or `DOCKER_CONTEXT` names it.',
    remedy: 'Select another context with `docker context use NAME` first, or remove it with `--force`.',
  },
  ERR_CONTEXT_ARCHIVE_INVALID: {
    meaning: "The file isn't a context archive that can be imported. Nothing was written.",
    cause:
      "The download was cut short, the file isn't from `docker context export`, or it holds entries that don't belong there.",
    remedy: 'Export the context again and import the new file.',
  },
}
