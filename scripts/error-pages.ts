/** Writes docs/errors.md from the catalogue of error codes. */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { API_ERRORS } from '../lib/base/error-catalog/api.ts'
import { ARGUMENT_ERRORS } from '../lib/base/error-catalog/argument.ts'
import { AUDIT_ERRORS } from '../lib/base/error-catalog/audit.ts'
import { BUILD_ERRORS } from '../lib/base/error-catalog/build.ts'
import { CONNECTION_ERRORS } from '../lib/base/error-catalog/connection.ts'
import { COPY_ERRORS } from '../lib/base/error-catalog/copy.ts'
import { DAEMON_ERRORS } from '../lib/base/error-catalog/daemon.ts'
import { ENDPOINT_ERRORS } from '../lib/base/error-catalog/endpoint.ts'
import { FILE_ERRORS } from '../lib/base/error-catalog/file.ts'
import { HEALTH_ERRORS } from '../lib/base/error-catalog/health.ts'
import { IDENTITY_ERRORS } from '../lib/base/error-catalog/identity.ts'
import { PKI_ERRORS } from '../lib/base/error-catalog/pki.ts'
import { POLICY_ERRORS } from '../lib/base/error-catalog/policy.ts'
import { PROVISION_ERRORS } from '../lib/base/error-catalog/provision.ts'
import { REGISTRY_ERRORS } from '../lib/base/error-catalog/registry.ts'
import { SSH_AND_PROXY_ERRORS } from '../lib/base/error-catalog/ssh.ts'
import { TLS_ERRORS } from '../lib/base/error-catalog/tls.ts'
import type { ApiErrorCode, ApiErrorOf } from '../lib/base/errors.ts'

const PAGE = fileURLToPath(new URL('../docs/errors.md', import.meta.url))

/** The texts about a code. */
interface Entry {
  readonly meaning: string
  readonly cause: string
  readonly remedy: string
}

interface Family {
  readonly title: string
  readonly class: string
  readonly codes: Readonly<Record<string, Entry>>
}

const FAMILIES: readonly Family[] = [
  { title: 'Which daemon: hosts, variables and contexts', class: 'EndpointError', codes: ENDPOINT_ERRORS },
  { title: 'Your client certificate', class: 'IdentityError', codes: IDENTITY_ERRORS },
  { title: 'Reaching the daemon', class: 'ConnectionError', codes: CONNECTION_ERRORS },
  { title: 'TLS with the daemon', class: 'ConnectionError', codes: TLS_ERRORS },
  { title: 'ssh and proxies', class: 'ConnectionError', codes: SSH_AND_PROXY_ERRORS },
  { title: 'Answers of the daemon', class: 'DockerApiError', codes: API_ERRORS },
  { title: 'Building images', class: 'BuildError', codes: BUILD_ERRORS },
  { title: 'Copying files', class: 'CopyError', codes: COPY_ERRORS },
  { title: 'Waiting for health', class: 'HealthError', codes: HEALTH_ERRORS },
  { title: 'Image names and registry logins', class: 'RegistryError', codes: REGISTRY_ERRORS },
  { title: 'Certificates and the CA', class: 'PkiError', codes: PKI_ERRORS },
  { title: 'Configuration of the daemon', class: 'DaemonError', codes: DAEMON_ERRORS },
  { title: 'Changing a host', class: 'ProvisionError', codes: PROVISION_ERRORS },
  { title: 'Auditing', class: 'AuditError', codes: AUDIT_ERRORS },
  { title: 'Policies', class: 'PolicyError', codes: POLICY_ERRORS },
  { title: 'Files on this machine', class: 'FileError', codes: FILE_ERRORS },
  { title: 'Mistakes in a call', class: 'ArgumentError', codes: ARGUMENT_ERRORS },
]

/** The subclasses of DockerApiError; `switch (error.code)` narrows to them. */
const API_CLASSES: { readonly [Code in ApiErrorCode]: Code extends keyof ApiErrorOf ? string : undefined } = {
  ERR_API_NOT_MODIFIED: 'NotModifiedError',
  ERR_API_BAD_REQUEST: 'BadRequestError',
  ERR_API_UNAUTHORIZED: 'UnauthorizedError',
  ERR_API_FORBIDDEN: 'ForbiddenError',
  ERR_API_AUTHORIZATION_DENIED: 'AuthorizationDeniedError',
  ERR_API_NOT_FOUND: 'NotFoundError',
  ERR_API_CONFLICT: 'ConflictError',
  ERR_API_SERVER_ERROR: 'ServerError',
  ERR_API_UNAVAILABLE: 'UnavailableError',
  ERR_API_STATUS: undefined,
  ERR_API_CALL_UNSUPPORTED: undefined,
  ERR_API_RESPONSE_INVALID: undefined,
  ERR_API_STREAM_FAILED: 'StreamError',
  ERR_API_STREAM_INVALID: undefined,
  ERR_API_STREAM_TRUNCATED: undefined,
  ERR_API_EXEC_FAILED: 'StreamError',
  ERR_API_BUILD_FAILED: 'BuildFailedError',
  ERR_API_VERSION_UNSUPPORTED: undefined,
}

const INTRODUCTION = `# Error codes

<!-- Written by \`npm run docs:errors\` from lib/base/error-catalog/. Edit the entries there. -->

Every error has a stable \`code\`. The message says what was tried, what came back and what to do; this page says what
each code means in general. \`isDockerMtlsError(error, 'ERR_...')\` narrows to the class. \`ArgumentError\` is a
\`TypeError\`; all other classes extend \`DockerMtlsError\`. All are exported from \`docker-mtls\`.
`

function anchorOf(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^a-z0-9 -]/g, '')
    .replaceAll(' ', '-')
}

function renderCode(code: string, { meaning, cause, remedy }: Entry): string {
  const ownClass = Object.hasOwn(API_CLASSES, code) ? API_CLASSES[code as ApiErrorCode] : undefined
  const heading = `### ${code}\n`
  const text = `${ownClass === undefined ? '' : `\`${ownClass}\`. `}${meaning}`
  return [heading, text, '', `- Usual cause: ${cause}`, `- Remedy: ${remedy}`, ''].join('\n')
}

function renderFamily({ title, class: name, codes }: Family): string {
  const entries = Object.entries(codes).map(([code, entry]) => renderCode(code, entry))
  return [`## ${title}\n`, `Class \`${name}\`.\n`, ...entries].join('\n')
}

/** Renders docs/errors.md. */
export function renderPage(): string {
  const rows = FAMILIES.map(
    ({ title, class: name, codes }) =>
      `| [${title}](#${anchorOf(title)}) | \`${name}\` | ${Object.keys(codes).length} |`,
  )
  const index = ['| about | class | codes |', '|---|---|---|', ...rows, ''].join('\n')
  return [INTRODUCTION, index, ...FAMILIES.map(renderFamily)].join('\n')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(PAGE, renderPage())
