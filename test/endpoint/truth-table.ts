import type { EndpointOptions } from '../../lib/endpoint/options.ts'
import type { ErrorCode } from '../../lib/base/errors.ts'

/**
 * What the variables mean, as data: the tests loop over it, and so can a server that records what is sent to it. Two
 * placeholders stand in hosts, paths and options: `{IP}` for an address and `{HOME}` for the home folder.
 */
export interface TruthRow {
  /** What is being said by this row. */
  readonly name: string
  readonly env: Readonly<Record<string, string>>
  readonly options?: EndpointOptions
  /** Files below `{HOME}`, by their paths. */
  readonly files?: Readonly<Record<string, string>>
  /** Docker contexts in `{HOME}/.docker`, by their names. */
  readonly contexts?: Readonly<Record<string, StoredContext>>
  readonly expect: Expected | { readonly code: ErrorCode }
}

export interface StoredContext {
  readonly Host: string
  readonly SkipTLSVerify?: boolean
  /** Which files of its TLS credentials there are. */
  readonly tls?: readonly string[]
}

export interface Expected {
  /** As formatEndpoint() writes it. */
  readonly endpoint: string
  readonly source: string
  readonly certPath?: string
  readonly apiVersion?: string
  /** A word that one of the warnings has. */
  readonly warns?: string
}

/** One form of a host: what it is over verified TLS, or what refuses it. */
export interface HostForm {
  readonly form: string
  readonly expect: { readonly endpoint: string } | { readonly code: ErrorCode }
}

export const HOST_FORMS: readonly HostForm[] = [
  { form: 'tcp://{IP}:2376', expect: { endpoint: 'tcp://{IP}:2376' } },
  { form: 'tcp://{IP}', expect: { endpoint: 'tcp://{IP}:2376' } },
  { form: 'tcp://{IP}:', expect: { endpoint: 'tcp://{IP}:2376' } },
  { form: '{IP}', expect: { endpoint: 'tcp://{IP}:2376' } },
  { form: '{IP}:2376', expect: { endpoint: 'tcp://{IP}:2376' } },
  { form: '  TCP://{IP}:2376 ', expect: { endpoint: 'tcp://{IP}:2376' } },
  { form: 'tcp://{IP}:2377', expect: { endpoint: 'tcp://{IP}:2377' } },
  { form: 'tcp://{IP}:2376/gate/way', expect: { endpoint: 'tcp://{IP}:2376/gate/way' } },
  { form: 'https://{IP}', expect: { endpoint: 'tcp://{IP}:443' } },
  { form: 'https://{IP}:2376', expect: { endpoint: 'tcp://{IP}:2376' } },
  { form: 'https://{IP}:8443/docker', expect: { endpoint: 'tcp://{IP}:8443/docker' } },
  { form: 'localhost', expect: { endpoint: 'tcp://localhost:2376' } },
  { form: '::1', expect: { endpoint: 'tcp://[::1]:2376' } },
  { form: '[::1]:2376', expect: { endpoint: 'tcp://[::1]:2376' } },
  { form: 'tcp://[::1]', expect: { endpoint: 'tcp://[::1]:2376' } },
  { form: 'http://{IP}', expect: { code: 'ERR_PLAINTEXT_REFUSED' } },
  { form: 'http://{IP}:2376', expect: { code: 'ERR_PLAINTEXT_REFUSED' } },
  { form: 'http://{IP}:2375', expect: { code: 'ERR_PLAINTEXT_REFUSED' } },
  { form: 'tcp://{IP}:2375', expect: { code: 'ERR_PLAINTEXT_PORT' } },
  { form: 'https://{IP}:2375', expect: { code: 'ERR_PLAINTEXT_PORT' } },
  { form: '{IP}:2375', expect: { code: 'ERR_PLAINTEXT_PORT' } },
  { form: '[::1]:2375', expect: { code: 'ERR_PLAINTEXT_PORT' } },
  { form: 'tcp://user:pw@{IP}:2376', expect: { code: 'ERR_HOST_INVALID' } },
  { form: 'tcp://{IP}:2376?tls=false', expect: { code: 'ERR_HOST_INVALID' } },
  { form: 'tcp://{IP}:2376#f', expect: { code: 'ERR_HOST_INVALID' } },
  { form: 'tcp://{IP}:0', expect: { code: 'ERR_HOST_INVALID' } },
  { form: 'udp://{IP}', expect: { code: 'ERR_HOST_INVALID' } },
  { form: 'fd://', expect: { code: 'ERR_HOST_INVALID' } },
  { form: ':2376', expect: { code: 'ERR_HOST_INVALID' } },
  { form: 'unix:/var/run/docker.sock', expect: { code: 'ERR_HOST_INVALID' } },
  { form: 'unix:///var/run/docker.sock', expect: { endpoint: 'unix:///var/run/docker.sock' } },
  { form: '/run/other.sock', expect: { endpoint: 'unix:///run/other.sock' } },
  { form: 'npipe://', expect: { endpoint: 'npipe:////./pipe/docker_engine' } },
  { form: 'ssh://me@{IP}:22', expect: { endpoint: 'ssh://me@{IP}:22' } },
  { form: 'ssh://-oProxyCommand=id', expect: { code: 'ERR_HOST_INVALID' } },
]

/** One way to set the TLS variables: what it means for a TCP host. No other host minds them. */
export interface TlsVariables {
  readonly env: Readonly<Record<string, string>>
  readonly code?: ErrorCode
}

export const TLS_VARIABLES: readonly TlsVariables[] = [
  { env: { DOCKER_TLS_VERIFY: '1' } },
  { env: { DOCKER_TLS_VERIFY: 'true' } },
  { env: { DOCKER_TLS_VERIFY: '0' } },
  { env: { DOCKER_TLS_VERIFY: 'false' } },
  { env: { DOCKER_TLS_VERIFY: '1', DOCKER_TLS: '1' } },
  { env: { DOCKER_TLS_VERIFY: '1', DOCKER_TLS: '0' } },
  { env: {}, code: 'ERR_TLS_VERIFY_REQUIRED' },
  { env: { DOCKER_TLS_VERIFY: '' }, code: 'ERR_TLS_VERIFY_REQUIRED' },
  { env: { DOCKER_TLS: '1' }, code: 'ERR_TLS_VERIFY_REQUIRED' },
  { env: { DOCKER_TLS: '0' }, code: 'ERR_TLS_VERIFY_REQUIRED' },
  { env: { DOCKER_TLS: '1', DOCKER_TLS_VERIFY: '' }, code: 'ERR_TLS_VERIFY_REQUIRED' },
]

const VERIFY = { DOCKER_TLS_VERIFY: '1' }
const REMOTE = 'tcp://{IP}:2376'
const OTHER = 'tcp://192.0.2.9:2376'
const LOCAL = { endpoint: 'unix:///var/run/docker.sock', source: 'local socket' }
const BY_DEFAULT = { endpoint: REMOTE, source: 'DOCKER_HOST', certPath: '{HOME}/.docker' }
const DIND = { DOCKER_TLS_CERTDIR: '/certs' }
const IN_DIND: Expected = { ...BY_DEFAULT, certPath: '/certs/client' }
const IN_HOME = { '.docker/ca.pem': 'x', '.docker/cert.pem': 'x', '.docker/key.pem': 'x' }
const ALL_FILES = ['ca.pem', 'cert.pem', 'key.pem']
const PROD = { prod: { Host: OTHER, tls: ALL_FILES } }
/** Where the credentials of the context `prod` is: the folder is the sha256 of its name. */
const PROD_CERTS = '{HOME}/.docker/contexts/tls/6754af9632a2745e85c293e5aac0863370d9bd3330b9938c00cadfd215227d77/docker'
const USE_PROD = { '.docker/config.json': '{"currentContext":"prod"}' }

export const TRUTH_TABLE: readonly TruthRow[] = [
  // Nothing, and next to nothing
  { name: 'nothing is set: the daemon of this machine', env: {}, expect: LOCAL },
  { name: 'the empty string is unset', env: { DOCKER_HOST: '', DOCKER_TLS_VERIFY: '' }, expect: LOCAL },
  { name: 'white space is a host, and no good one', env: { DOCKER_HOST: '  ' }, expect: { code: 'ERR_HOST_INVALID' } },
  { name: 'DOCKER_TLS_VERIFY alone meant a remote daemon', env: VERIFY, expect: { code: 'ERR_HOST_REQUIRED' } },
  { name: 'DOCKER_TLS alone too', env: { DOCKER_TLS: '1' }, expect: { code: 'ERR_HOST_REQUIRED' } },
  { name: 'DOCKER_CERT_PATH alone too', env: { DOCKER_CERT_PATH: '/c' }, expect: { code: 'ERR_HOST_REQUIRED' } },
  {
    name: 'the context default is no daemon to show certificates to',
    env: { ...VERIFY, DOCKER_CONTEXT: 'default' },
    expect: { code: 'ERR_HOST_REQUIRED' },
  },

  // The certificates of a TCP host
  {
    name: 'the canonical three',
    env: { DOCKER_HOST: REMOTE, ...VERIFY, DOCKER_CERT_PATH: '/certs/' },
    expect: { endpoint: REMOTE, source: 'DOCKER_HOST', certPath: '/certs' },
  },
  { name: 'without DOCKER_CERT_PATH: ~/.docker', env: { DOCKER_HOST: REMOTE, ...VERIFY }, expect: BY_DEFAULT },
  {
    name: 'or DOCKER_CONFIG',
    env: { DOCKER_HOST: REMOTE, ...VERIFY, DOCKER_CONFIG: '/cfg' },
    expect: { endpoint: REMOTE, source: 'DOCKER_HOST', certPath: '/cfg' },
  },
  {
    name: '~ is the home folder',
    env: { DOCKER_HOST: REMOTE, ...VERIFY, DOCKER_CERT_PATH: '~/certs' },
    expect: { endpoint: REMOTE, source: 'DOCKER_HOST', certPath: '{HOME}/certs' },
  },
  {
    name: "another user's home folder is not looked up",
    env: { DOCKER_HOST: REMOTE, ...VERIFY, DOCKER_CERT_PATH: '~root/certs' },
    expect: { code: 'ERR_CERT_PATH_INVALID' },
  },
  {
    name: 'a variable that no shell has expanded',
    env: { DOCKER_HOST: REMOTE, ...VERIFY, DOCKER_CERT_PATH: '$HOME/.docker' },
    expect: { code: 'ERR_CERT_PATH_INVALID' },
  },
  {
    name: 'a NUL in a path',
    env: { DOCKER_HOST: REMOTE, ...VERIFY, DOCKER_CERT_PATH: '/certs\0/x' },
    expect: { code: 'ERR_CERT_PATH_INVALID' },
  },

  // Verification
  { name: 'unset: refused', env: { DOCKER_HOST: REMOTE }, expect: { code: 'ERR_TLS_VERIFY_REQUIRED' } },
  {
    name: 'DOCKER_TLS asks for less than we give',
    env: { DOCKER_HOST: REMOTE, DOCKER_TLS: '1', DOCKER_CERT_PATH: '/certs' },
    expect: { code: 'ERR_TLS_VERIFY_REQUIRED' },
  },
  ...['0', 'false', 'No', 'OFF'].map((value) => ({
    name: `DOCKER_TLS_VERIFY=${value} can't switch it off`,
    env: { DOCKER_HOST: REMOTE, DOCKER_TLS_VERIFY: value },
    expect: { ...BY_DEFAULT, warns: `DOCKER_TLS_VERIFY=${value}` },
  })),
  {
    name: 'port 2375 by a variable',
    env: { DOCKER_HOST: 'tcp://{IP}:2375', ...VERIFY },
    expect: { code: 'ERR_PLAINTEXT_PORT' },
  },
  {
    name: 'port 2375 with the option: TLS',
    env: { DOCKER_HOST: 'tcp://{IP}:2375', ...VERIFY },
    options: { tlsOnPort2375: true },
    expect: { ...BY_DEFAULT, endpoint: 'tcp://{IP}:2375' },
  },
  {
    name: 'port 2375 with the option, without DOCKER_TLS_VERIFY',
    env: { DOCKER_HOST: 'tcp://{IP}:2375' },
    options: { tlsOnPort2375: true },
    expect: { code: 'ERR_TLS_VERIFY_REQUIRED' },
  },
  {
    name: 'a socket has no TLS',
    env: { DOCKER_HOST: 'unix:///run/d.sock', ...VERIFY, DOCKER_CERT_PATH: '/certs' },
    expect: { endpoint: 'unix:///run/d.sock', source: 'DOCKER_HOST', warns: 'DOCKER_TLS_VERIFY, DOCKER_CERT_PATH' },
  },
  {
    name: 'ssh has its own keys: no ClientHello to port 22',
    env: { DOCKER_HOST: 'ssh://me@{IP}', ...VERIFY },
    expect: { endpoint: 'ssh://me@{IP}', source: 'DOCKER_HOST', warns: 'DOCKER_TLS_VERIFY' },
  },

  // DOCKER_TLS_CERTDIR, which docker:dind and GitLab use. cert-dir.test.ts has what depends on a local socket
  { name: 'DOCKER_TLS_CERTDIR is all that GitLab sets', env: { DOCKER_HOST: REMOTE, ...DIND }, expect: IN_DIND },
  {
    name: 'DOCKER_TLS has no effect beside it',
    env: { DOCKER_HOST: REMOTE, ...DIND, DOCKER_TLS: '1' },
    expect: IN_DIND,
  },
  {
    name: 'DOCKER_CERT_PATH wins over it',
    env: { DOCKER_HOST: REMOTE, ...DIND, DOCKER_CERT_PATH: '/other' },
    expect: { ...IN_DIND, certPath: '/other' },
  },
  {
    name: 'certificates that docker:dind has not written yet',
    env: { DOCKER_HOST: REMOTE, ...DIND, ...VERIFY },
    expect: IN_DIND,
  },
  {
    name: 'the image docker:cli sets it also for other daemons, with files in ~/.docker',
    env: { DOCKER_HOST: REMOTE, ...DIND, ...VERIFY },
    files: IN_HOME,
    expect: BY_DEFAULT,
  },
  {
    name: 'an incomplete ~/.docker is not meant',
    env: { DOCKER_HOST: REMOTE, ...DIND, ...VERIFY },
    files: { '.docker/ca.pem': 'x', '.docker/cert.pem': 'x', '.docker/key.pem': '' },
    expect: IN_DIND,
  },
  {
    name: 'both have files',
    env: { DOCKER_HOST: REMOTE, DOCKER_TLS_CERTDIR: '{HOME}/certs', ...VERIFY },
    files: { ...IN_HOME, 'certs/client/ca.pem': 'x', 'certs/client/cert.pem': 'x', 'certs/client/key.pem': 'x' },
    expect: { ...IN_DIND, certPath: '{HOME}/certs/client' },
  },
  {
    name: 'files in ~/.docker do not count without DOCKER_TLS_VERIFY',
    env: { DOCKER_HOST: REMOTE, ...DIND },
    files: IN_HOME,
    expect: IN_DIND,
  },
  {
    name: 'a context has its own certificates, and no warning tells of a variable that every image has',
    env: { ...DIND, DOCKER_CONTEXT: 'prod' },
    contexts: PROD,
    expect: { endpoint: OTHER, source: 'DOCKER_CONTEXT', certPath: PROD_CERTS },
  },
  {
    name: 'nor for a socket',
    env: { ...DIND, DOCKER_HOST: 'unix:///run/d.sock' },
    expect: { endpoint: 'unix:///run/d.sock', source: 'DOCKER_HOST' },
  },
  {
    name: 'it allows no plaintext port',
    env: { DOCKER_HOST: 'tcp://{IP}:2375', ...DIND },
    expect: { code: 'ERR_PLAINTEXT_PORT' },
  },
  {
    name: 'empty, it turns TLS off in docker:dind, but not here',
    env: { DOCKER_HOST: 'tcp://{IP}:2375', DOCKER_TLS_CERTDIR: '' },
    expect: { code: 'ERR_PLAINTEXT_PORT' },
  },
  {
    name: 'nor on the TLS port',
    env: { DOCKER_HOST: REMOTE, DOCKER_TLS_CERTDIR: '' },
    expect: { code: 'ERR_TLS_VERIFY_REQUIRED' },
  },
  {
    name: 'a variable in it that no shell has expanded',
    env: { DOCKER_HOST: REMOTE, DOCKER_TLS_CERTDIR: '$CI_PROJECT_DIR/certs' },
    expect: { code: 'ERR_CERT_PATH_INVALID' },
  },
  {
    name: 'a .env file that is named counts beside it',
    env: DIND,
    options: { envFile: '{HOME}/.env' },
    files: { '.env': 'DOCKER_HOST=tcp://{IP}:2376\nDOCKER_TLS_VERIFY=1\nDOCKER_CERT_PATH={HOME}/mine' },
    expect: { endpoint: REMOTE, source: 'DOCKER_HOST in {HOME}/.env', certPath: '{HOME}/mine' },
  },
  {
    name: 'a .env file may set it',
    env: {},
    options: { envFile: '{HOME}/.env' },
    files: { '.env': 'DOCKER_HOST=tcp://{IP}:2376\nDOCKER_TLS_CERTDIR={HOME}/certs' },
    expect: { ...IN_DIND, source: 'DOCKER_HOST in {HOME}/.env', certPath: '{HOME}/certs/client' },
  },

  // DOCKER_HOST_IP
  {
    name: "the notes' variable",
    env: { DOCKER_HOST_IP: REMOTE, ...VERIFY, DOCKER_CERT_PATH: '/home/clientuser/.docker/' },
    expect: { endpoint: REMOTE, source: 'DOCKER_HOST_IP', certPath: '/home/clientuser/.docker' },
  },
  {
    name: 'with a bare address',
    env: { DOCKER_HOST_IP: '{IP}', ...VERIFY },
    expect: { ...BY_DEFAULT, source: 'DOCKER_HOST_IP' },
  },
  { name: 'needs verification as well', env: { DOCKER_HOST_IP: '{IP}' }, expect: { code: 'ERR_TLS_VERIFY_REQUIRED' } },
  {
    name: 'DOCKER_HOST wins over it',
    env: { DOCKER_HOST: REMOTE, DOCKER_HOST_IP: OTHER, ...VERIFY },
    expect: { ...BY_DEFAULT, warns: 'DOCKER_HOST_IP' },
  },
  {
    name: 'DOCKER_HOST is refused: nobody falls back to it',
    env: { DOCKER_HOST: 'tcp://{IP}:2375', DOCKER_HOST_IP: REMOTE, ...VERIFY },
    expect: { code: 'ERR_PLAINTEXT_PORT' },
  },

  // Contexts
  {
    name: 'DOCKER_CONTEXT brings its own certificates',
    env: { DOCKER_CONTEXT: 'prod' },
    contexts: PROD,
    expect: { endpoint: OTHER, source: 'DOCKER_CONTEXT', certPath: PROD_CERTS },
  },
  {
    name: 'and ignores the TLS variables',
    env: { DOCKER_CONTEXT: 'prod', DOCKER_TLS: '1', DOCKER_CERT_PATH: '/certs' },
    contexts: PROD,
    expect: { endpoint: OTHER, source: 'DOCKER_CONTEXT', certPath: PROD_CERTS, warns: 'DOCKER_CERT_PATH' },
  },
  {
    name: 'DOCKER_HOST beats DOCKER_CONTEXT',
    env: { DOCKER_HOST: REMOTE, ...VERIFY, DOCKER_CONTEXT: 'prod' },
    contexts: PROD,
    expect: { ...BY_DEFAULT, warns: 'DOCKER_CONTEXT=prod' },
  },
  {
    name: 'DOCKER_HOST_IP beats DOCKER_CONTEXT',
    env: { DOCKER_HOST_IP: REMOTE, ...VERIFY, DOCKER_CONTEXT: 'prod' },
    contexts: PROD,
    expect: { ...BY_DEFAULT, source: 'DOCKER_HOST_IP', warns: 'DOCKER_CONTEXT=prod' },
  },
  {
    name: 'currentContext of config.json',
    env: {},
    contexts: PROD,
    files: USE_PROD,
    expect: { endpoint: OTHER, source: 'currentContext in {HOME}/.docker/config.json', certPath: PROD_CERTS },
  },
  {
    name: 'DOCKER_CONTEXT beats currentContext',
    env: { DOCKER_CONTEXT: 'default' },
    contexts: PROD,
    files: USE_PROD,
    expect: { ...LOCAL, source: 'DOCKER_CONTEXT' },
  },
  {
    name: 'DOCKER_HOST beats currentContext',
    env: { DOCKER_HOST: 'unix:///run/d.sock' },
    contexts: PROD,
    files: USE_PROD,
    expect: { endpoint: 'unix:///run/d.sock', source: 'DOCKER_HOST' },
  },
  {
    name: 'currentContext that is gone: no falling back',
    env: {},
    files: USE_PROD,
    expect: { code: 'ERR_CONTEXT_NOT_FOUND' },
  },
  {
    name: 'currentContext default is this machine',
    env: {},
    files: { '.docker/config.json': '{"currentContext":"default"}' },
    expect: { ...LOCAL, source: 'currentContext in {HOME}/.docker/config.json' },
  },
  {
    name: 'config.json that is no JSON',
    env: {},
    files: { '.docker/config.json': '{"currentContext":' },
    expect: { code: 'ERR_CONFIG_INVALID' },
  },
  {
    name: 'a context without verification',
    env: { DOCKER_CONTEXT: 'prod' },
    contexts: { prod: { Host: OTHER, SkipTLSVerify: true, tls: ALL_FILES } },
    expect: { code: 'ERR_CONTEXT_INSECURE' },
  },
  {
    name: 'a TCP context without TLS credentials, whatever the variables say',
    env: { DOCKER_CONTEXT: 'prod', ...VERIFY, DOCKER_CERT_PATH: '/certs' },
    contexts: { prod: { Host: OTHER } },
    expect: { code: 'ERR_CONTEXT_INSECURE' },
  },
  {
    name: 'a TCP context without a client key',
    env: { DOCKER_CONTEXT: 'prod' },
    contexts: { prod: { Host: OTHER, tls: ['ca.pem', 'cert.pem'] } },
    expect: { code: 'ERR_CONTEXT_INSECURE' },
  },
  {
    name: 'a plaintext context',
    env: { DOCKER_CONTEXT: 'prod' },
    contexts: { prod: { Host: 'http://{IP}:2376', tls: ALL_FILES } },
    expect: { code: 'ERR_PLAINTEXT_REFUSED' },
  },
  {
    name: 'a context on port 2375',
    env: { DOCKER_CONTEXT: 'prod' },
    contexts: { prod: { Host: 'tcp://{IP}:2375', tls: ALL_FILES } },
    expect: { code: 'ERR_PLAINTEXT_PORT' },
  },
  {
    name: 'a context that is a socket',
    env: { DOCKER_CONTEXT: 'prod' },
    contexts: { prod: { Host: 'unix:///run/d.sock' } },
    expect: { endpoint: 'unix:///run/d.sock', source: 'DOCKER_CONTEXT' },
  },
  { name: 'a hostile name', env: { DOCKER_CONTEXT: '../../etc' }, expect: { code: 'ERR_CONTEXT_NAME_INVALID' } },

  // DOCKER_API_VERSION
  ...['1.44', 'v1.44'].map((value) => ({
    name: `DOCKER_API_VERSION=${value}`,
    env: { DOCKER_API_VERSION: value },
    expect: { ...LOCAL, apiVersion: '1.44' },
  })),
  ...['1', '1.44.0', 'latest', 'V1.44', ' 1.44', '1.044', '../1.44'].map((value) => ({
    name: `DOCKER_API_VERSION=${value}`,
    env: { DOCKER_API_VERSION: value },
    expect: { code: 'ERR_API_VERSION_INVALID' as const },
  })),
  {
    name: 'the option apiVersion wins over it',
    env: { DOCKER_API_VERSION: 'nonsense' },
    options: { apiVersion: 'v1.41' },
    expect: { ...LOCAL, apiVersion: '1.41' },
  },

  // Options that say where and who switch all of it off
  {
    name: 'options are complete on their own',
    env: { DOCKER_HOST: OTHER, DOCKER_TLS: '1', DOCKER_CERT_PATH: '/other', DOCKER_API_VERSION: '1.30' },
    options: { host: REMOTE, certPath: '/certs' },
    expect: { endpoint: REMOTE, source: 'option host', certPath: '/certs' },
  },
  {
    name: 'and need no DOCKER_TLS_VERIFY',
    env: {},
    options: { host: '{IP}', ca: 'ca', cert: 'cert', key: 'key' },
    expect: { endpoint: REMOTE, source: 'option host' },
  },
  {
    name: 'no certificates are borrowed from the environment',
    env: { DOCKER_CERT_PATH: '/certs', ...VERIFY },
    options: { host: REMOTE },
    expect: { code: 'ERR_IDENTITY_REQUIRED' },
  },
  {
    name: 'nor a host for certificates',
    env: { DOCKER_HOST: REMOTE, ...VERIFY },
    options: { certPath: '/certs' },
    expect: { code: 'ERR_HOST_REQUIRED' },
  },
  {
    name: 'a socket by option, against DOCKER_HOST',
    env: { DOCKER_HOST: OTHER, ...VERIFY },
    options: { host: 'unix:///run/d.sock' },
    expect: { endpoint: 'unix:///run/d.sock', source: 'option host' },
  },
  {
    name: 'an empty host is a mistake, not this machine',
    env: {},
    options: { host: '' },
    expect: { code: 'ERR_ARGUMENT_INVALID' },
  },
  {
    name: 'a context by option, against DOCKER_HOST',
    env: { DOCKER_HOST: REMOTE, ...VERIFY },
    options: { context: 'prod' },
    contexts: PROD,
    expect: { endpoint: OTHER, source: 'option context', certPath: PROD_CERTS },
  },
  {
    name: 'a context by option with certificates in place of its own',
    env: {},
    options: { context: 'prod', certPath: '~/mine' },
    contexts: { prod: { Host: OTHER } },
    expect: { endpoint: OTHER, source: 'option context', certPath: '{HOME}/mine' },
  },
  {
    name: 'the context default by option: this machine',
    env: { DOCKER_HOST: REMOTE, ...VERIFY },
    options: { context: 'default' },
    expect: { ...LOCAL, source: 'option context' },
  },
  {
    name: 'certificates for a socket have no effect',
    env: {},
    options: { host: 'unix:///run/d.sock', certPath: '/certs' },
    expect: { endpoint: 'unix:///run/d.sock', source: 'option host', warns: 'certificates in the options' },
  },
  {
    name: 'an address to listen on',
    env: {},
    options: { host: '0.0.0.0', certPath: '/certs' },
    expect: { endpoint: 'tcp://0.0.0.0:2376', source: 'option host', certPath: '/certs', warns: '0.0.0.0' },
  },
]
