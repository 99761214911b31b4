/**
 * Which endpoint was meant: hosts, DOCKER_* variables, `.env` files and contexts.
 *
 * @useDeclaredType
 */
export type EndpointErrorCode =
  | 'ERR_HOST_INVALID'
  | 'ERR_HOST_REQUIRED'
  | 'ERR_PLAINTEXT_REFUSED'
  | 'ERR_PLAINTEXT_PORT'
  | 'ERR_TLS_VERIFY_REQUIRED'
  | 'ERR_API_VERSION_INVALID'
  | 'ERR_IDENTITY_REQUIRED'
  | 'ERR_CERT_PATH_INVALID'
  | 'ERR_ENV_FILE_INVALID'
  | 'ERR_CONFIG_INVALID'
  | 'ERR_CONTEXT_NOT_FOUND'
  | 'ERR_CONTEXT_NAME_INVALID'
  | 'ERR_CONTEXT_INVALID'
  | 'ERR_CONTEXT_INSECURE'
  | 'ERR_CONTEXT_EXISTS'
  | 'ERR_CONTEXT_IN_USE'
  | 'ERR_CONTEXT_ARCHIVE_INVALID'

/**
 * Your own key, certificate and CA, refused before a byte leaves the machine.
 *
 * @useDeclaredType
 */
export type IdentityErrorCode =
  | 'ERR_IDENTITY_FILE_MISSING'
  | 'ERR_IDENTITY_FILE_UNREADABLE'
  | 'ERR_IDENTITY_NOT_PEM'
  | 'ERR_IDENTITY_CERT_INVALID'
  | 'ERR_IDENTITY_KEY_INVALID'
  | 'ERR_IDENTITY_KEY_ENCRYPTED'
  | 'ERR_IDENTITY_PASSPHRASE'
  | 'ERR_IDENTITY_KEY_MISMATCH'
  | 'ERR_IDENTITY_KEY_TYPE'
  | 'ERR_IDENTITY_EXPIRED'
  | 'ERR_IDENTITY_NOT_YET_VALID'
  | 'ERR_IDENTITY_PURPOSE'
  | 'ERR_IDENTITY_SIGNATURE'
  | 'ERR_IDENTITY_ISSUER'
  | 'ERR_IDENTITY_CA_INVALID'
  | 'ERR_IDENTITY_CA_EXPIRED'
  | 'ERR_IDENTITY_CHANGED_INVALID'
  | 'ERR_GATEWAY_TLS_INVALID'

/**
 * Reaching the daemon: DNS, TCP, TLS, the socket, ssh, a proxy, and what a dispatcher refuses to do.
 *
 * @useDeclaredType
 */
export type ConnectionErrorCode =
  | 'ERR_NAME_NOT_RESOLVED'
  | 'ERR_CONNECTION_REFUSED'
  | 'ERR_HOST_UNREACHABLE'
  | 'ERR_CONNECT_TIMEOUT'
  | 'ERR_HANDSHAKE_TIMEOUT'
  | 'ERR_QUEUE_TIMEOUT'
  | 'ERR_RESPONSE_TIMEOUT'
  | 'ERR_CALL_TIMEOUT'
  | 'ERR_ANSWER_TOO_LARGE'
  | 'ERR_CONNECTION_RESET'
  | 'ERR_CONNECTION_CLOSED'
  | 'ERR_CONNECTION_FAILED'
  | 'ERR_SOCKET_NOT_FOUND'
  | 'ERR_SOCKET_PERMISSION'
  | 'ERR_WRONG_ORIGIN'
  | 'ERR_REDIRECT_REFUSED'
  | 'ERR_BRIDGE_UNSUPPORTED'
  | 'ERR_GATEWAY_LISTEN'
  | 'ERR_RUNTIME_UNSUPPORTED'
  | 'ERR_CLIENT_CLOSED'
  | 'ERR_GATEWAY_REQUIRED'
  | 'ERR_RENEWAL_UNAVAILABLE'
  | 'ERR_SERVER_PLAINTEXT'
  | 'ERR_SERVER_NOT_DOCKER'
  | 'ERR_SERVER_NOT_DOCKERD'
  | 'ERR_SERVER_TLS_TOO_OLD'
  | 'ERR_SERVER_NO_COMMON_CIPHER'
  | 'ERR_SERVER_NAME_MISMATCH'
  | 'ERR_SERVER_NAME_MISSING'
  | 'ERR_SERVER_CERT_EXPIRED'
  | 'ERR_SERVER_CERT_NOT_YET_VALID'
  | 'ERR_SERVER_CERT_PURPOSE'
  | 'ERR_SERVER_CERT_UNTRUSTED'
  | 'ERR_SERVER_CERT_WEAK'
  | 'ERR_SERVER_CA_KEY_DIFFERS'
  | 'ERR_CLIENT_CERT_REQUIRED'
  | 'ERR_CLIENT_CERT_REFUSED'
  | 'ERR_CLIENT_CERT_EXPIRED'
  | 'ERR_CLIENT_CERT_UNTRUSTED'
  | 'ERR_TLS_FAILED'
  | 'ERR_SSH_NOT_INSTALLED'
  | 'ERR_SSH_HOST_KEY_UNKNOWN'
  | 'ERR_SSH_HOST_KEY_CHANGED'
  | 'ERR_SSH_LOGIN_REFUSED'
  | 'ERR_SSH_DOCKER_MISSING'
  | 'ERR_SSH_FAILED'
  | 'ERR_PROXY_UNREACHABLE'
  | 'ERR_PROXY_AUTH_REQUIRED'
  | 'ERR_PROXY_REFUSED'
  | 'ERR_PROXY_BAD_GATEWAY'
  | 'ERR_PROXY_INVALID'

/**
 * The daemon answered with a failure.
 *
 * @useDeclaredType
 */
export type ApiErrorCode =
  | 'ERR_API_NOT_MODIFIED'
  | 'ERR_API_BAD_REQUEST'
  | 'ERR_API_UNAUTHORIZED'
  | 'ERR_API_FORBIDDEN'
  | 'ERR_API_AUTHORIZATION_DENIED'
  | 'ERR_API_NOT_FOUND'
  | 'ERR_API_CONFLICT'
  | 'ERR_API_SERVER_ERROR'
  | 'ERR_API_UNAVAILABLE'
  | 'ERR_API_STATUS'
  | 'ERR_API_CALL_UNSUPPORTED'
  | 'ERR_API_RESPONSE_INVALID'
  | 'ERR_API_STREAM_FAILED'
  | 'ERR_API_STREAM_INVALID'
  | 'ERR_API_STREAM_TRUNCATED'
  | 'ERR_API_EXEC_FAILED'
  | 'ERR_API_BUILD_FAILED'
  | 'ERR_API_VERSION_UNSUPPORTED'

/**
 * Issuing, renewing and keeping certificates.
 *
 * @useDeclaredType
 */
export type PkiErrorCode =
  | 'ERR_NAME_INVALID'
  | 'ERR_DAYS_INVALID'
  | 'ERR_KEY_TYPE_INVALID'
  | 'ERR_CA_MISSING'
  | 'ERR_CA_NEARBY'
  | 'ERR_CA_HOME_INVALID'
  | 'ERR_CA_EXISTS'
  | 'ERR_CA_INVALID'
  | 'ERR_CA_EXPIRED'
  | 'ERR_CA_PASSPHRASE'
  | 'ERR_SERVER_NAMES_CHANGED'
  | 'ERR_CERTIFICATE_INVALID'
  | 'ERR_PKI_FILE_INVALID'
  | 'ERR_CLIENT_NOT_FOUND'
  | 'ERR_GRANT_EXISTS'
  | 'ERR_GRANT_NOT_FOUND'
  | 'ERR_CLIENT_FOLDER_FOREIGN'
  | 'ERR_CLIENT_KEY_ELSEWHERE'
  | 'ERR_REQUEST_INVALID'
  | 'ERR_REQUEST_REFUSED'
  | 'ERR_PKCS12_PASSPHRASE'
  | 'ERR_LEDGER_INVALID'
  | 'ERR_LEDGER_MISMATCH'
  | 'ERR_ROTATION_INVALID'
  | 'ERR_ROTATION_NONE'
  | 'ERR_ROTATION_PHASE'
  | 'ERR_ROTATION_UNDERWAY'
  | 'ERR_CLIENT_REVOKED'
  | 'ERR_CRL_INVALID'
  | 'ERR_ISSUER_INVALID'
  | 'ERR_RENEWAL_REFUSED'

/**
 * Settings that must not, or can't, be rendered for the daemon or for a shell.
 *
 * @useDeclaredType
 */
export type DaemonErrorCode =
  | 'ERR_LISTEN_INVALID'
  | 'ERR_LISTEN_PLAINTEXT'
  | 'ERR_PATH_INVALID'
  | 'ERR_UNIT_INVALID'
  | 'ERR_UNIT_NOT_FOUND'
  | 'ERR_PODMAN_TOO_OLD'
  | 'ERR_USERNS_INVALID'
  | 'ERR_DIRECTIVE_CONFLICT'
  | 'ERR_DAEMON_JSON_INVALID'
  | 'ERR_SHELL_UNKNOWN'
  | 'ERR_SHELL_UNQUOTABLE'

/**
 * Changing a host: preconditions, failures and rollback.
 *
 * @useDeclaredType
 */
export type ProvisionErrorCode =
  | 'ERR_HOST_NOT_ROOT'
  | 'ERR_HOST_NO_SYSTEMD'
  | 'ERR_HOST_NO_DOCKER'
  | 'ERR_HOST_NO_NODE'
  | 'ERR_HOST_ROOTLESS'
  | 'ERR_HOST_DOCKER_DESKTOP'
  | 'ERR_HOST_READ_ONLY'
  | 'ERR_HOST_DISK_FULL'
  | 'ERR_HOST_SUDO_PASSWORD'
  | 'ERR_HOST_UNREADABLE'
  | 'ERR_HOST_COMMAND_FAILED'
  | 'ERR_APPLY_CONFLICT'
  | 'ERR_APPLY_INVALID'
  | 'ERR_APPLY_PENDING'
  | 'ERR_APPLY_ROLLED_BACK'
  | 'ERR_APPLY_ROLLBACK_FAILED'
  | 'ERR_APPLY_NOTHING_TO_ROLL_BACK'
  | 'ERR_USERNS_NOT_IN_FORCE'
  | 'ERR_CONFIRMATION_REQUIRED'
  | 'ERR_PLUGIN_FOREIGN'
  | 'ERR_PLUGIN_FROM_CACHE'
  | 'ERR_PLUGIN_UNSUPPORTED'

/**
 * Image names, and the registry credentials that the Docker CLI stores.
 *
 * @useDeclaredType
 */
export type RegistryErrorCode =
  | 'ERR_REFERENCE_INVALID'
  | 'ERR_CREDENTIALS_INVALID'
  | 'ERR_CREDENTIAL_HELPER_MISSING'
  | 'ERR_CREDENTIAL_HELPER_FAILED'

/**
 * The context, Dockerfile and secrets that are sent for a build.
 *
 * @useDeclaredType
 */
export type BuildErrorCode =
  | 'ERR_BUILD_CONTEXT_INVALID'
  | 'ERR_BUILD_DOCKERFILE_INVALID'
  | 'ERR_BUILD_IGNORE_INVALID'
  | 'ERR_BUILD_FILE_UNREADABLE'
  | 'ERR_BUILD_FILE_CHANGED'
  | 'ERR_BUILD_SECRET_INVALID'

/**
 * Waiting for a container to become healthy.
 *
 * @useDeclaredType
 */
export type HealthErrorCode =
  | 'ERR_HEALTH_NO_CHECK'
  | 'ERR_HEALTH_UNHEALTHY'
  | 'ERR_HEALTH_ENDED'
  | 'ERR_HEALTH_TIMEOUT'
  | 'ERR_HEALTH_UNKNOWN'

/**
 * Copying files into a container or out of one.
 *
 * @useDeclaredType
 */
export type CopyErrorCode = 'ERR_COPY_SOURCE' | 'ERR_COPY_TARGET' | 'ERR_COPY_UNSAFE' | 'ERR_COPY_ARCHIVE_INVALID'

/**
 * Snapshots, exceptions and baselines of an audit.
 *
 * @useDeclaredType
 */
export type AuditErrorCode =
  | 'ERR_AUDIT_SNAPSHOT_INVALID'
  | 'ERR_AUDIT_EXCEPTIONS_INVALID'
  | 'ERR_AUDIT_BASELINE_INVALID'

/**
 * Reading a policy.
 *
 * @useDeclaredType
 */
export type PolicyErrorCode = 'ERR_POLICY_INVALID'

/**
 * Reading and writing files and streams on this machine.
 *
 * @useDeclaredType
 */
export type FileErrorCode =
  | 'ERR_FILE_EXISTS'
  | 'ERR_FILE_WRITE'
  | 'ERR_FILE_READ'
  | 'ERR_FOUND_UNTRUSTED'
  | 'ERR_INPUT_FAILED'

/**
 * A call with invalid arguments.
 *
 * @useDeclaredType
 */
export type ArgumentErrorCode =
  | 'ERR_ARGUMENT_INVALID'
  | 'ERR_OPTION_UNKNOWN'
  | 'ERR_PATH_SEGMENT_INVALID'
  | 'ERR_API_FIELD_UNKNOWN'
  | 'ERR_API_FIELD_TOO_NEW'
  | 'ERR_USAGE'

/** Every code that an error of this package can have: `switch (error.code)` narrows on it. */
export type ErrorCode =
  | EndpointErrorCode
  | IdentityErrorCode
  | ConnectionErrorCode
  | ApiErrorCode
  | PkiErrorCode
  | DaemonErrorCode
  | ProvisionErrorCode
  | RegistryErrorCode
  | BuildErrorCode
  | CopyErrorCode
  | HealthErrorCode
  | AuditErrorCode
  | PolicyErrorCode
  | FileErrorCode
  | ArgumentErrorCode
