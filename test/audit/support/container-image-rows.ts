import { env, WINDOWS } from './container-changes.ts'
import type { Raw } from './containers.ts'
import { host, rows, type Row } from './row.ts'

const image = (Image: string, Id?: string): Raw => ({ Config: { Image }, ...(Id !== undefined && { Image: Id }) })
const DIGEST = `web@sha256:${'2'.repeat(64)}`

/** Images, variables and processes. */
export const IMAGE_ROWS: readonly Row[] = [
  ...rows(
    'C-RO',
    ['pass', {}],
    ['fail', host({ ReadonlyRootfs: false })],
    ['unknown', host({ ReadonlyRootfs: undefined })],
  ),
  ...rows(
    'C-HEALTH',
    ['pass', {}, {}, 'healthy'],
    ['warn', { Config: { Healthcheck: undefined } }],
    ['warn', { Config: { Healthcheck: { Test: ['NONE'] } } }],
    ['unknown', { Config: { Healthcheck: 'curl' } }],
  ),
  ...rows(
    'C-TAG',
    ['pass', {}],
    ['pass', image(DIGEST)],
    ['pass', image('1'.repeat(12))],
    ['warn', image('web')],
    ['warn', image('web:latest')],
    ['warn', image('registry.example.com:5000/web')],
    ['warn', image('d'.repeat(12)), {}, 'dddddddddddd'],
    ['warn', image('web'), WINDOWS],
    ['unknown', { Config: { Image: undefined } }],
  ),
  ...rows(
    'C-DRIFT',
    ['pass', {}],
    ['warn', {}, { listedImage: `sha256:${'1'.repeat(64)}` }],
    ['not-applicable', image(DIGEST)],
    ['unknown', {}, { listedImage: undefined }],
  ),
  ...rows(
    'C-ENV',
    ['pass', {}],
    [
      'pass',
      env('GPG_KEY=A035', 'PASSWORD=', 'MYSQL_ALLOW_EMPTY_PASSWORD=yes', 'TOKEN_PATH=/x', 'PWD=/', 'SSH_AUTH_SOCK=/x'),
    ],
    ...[
      'DB_PASSWORD',
      'PASSWORD',
      'githubToken',
      'api-key',
      'AWS_SECRET_ACCESS_KEY',
      'spring.datasource.password',
      'JWT_SECRET',
    ].map((name) => ['fail', env(`${name}=hunter2`), {}, name] as const),
    ['warn', env('REDIS_PASS=x')],
    ['warn', env('APP_KEY=x')],
    ['fail', env('ENCRYPTION_KEY=x'), WINDOWS],
    ['unknown', { Config: { Env: 'A=1' } }],
  ),
  ...rows(
    'C-SSHD',
    ['pass', {}],
    ['fail', {}, { commands: ['sh', 'sshd'] }],
    ['fail', {}, { commands: ['dropbear'] }],
    ['pass', {}, { commands: ['ssh', 'ssh-agent'] }],
    ['unknown', { State: { Restarting: true } }, { commands: [] }, 'restarting'],
    ['unknown', {}, { commands: [] }],
    ['unknown', {}, { commands: null }],
    ['not-applicable', { State: { Running: false } }],
  ),
  ...rows(
    'D-STALE-C',
    ['pass', {}],
    ['fail', { State: { StartedAt: '2026-09-01T00:00:00Z' } }],
    ['warn', { State: { StartedAt: '2026-09-01T00:00:00Z' } }, { info: { LiveRestoreEnabled: false } }],
    ['not-applicable', { State: { Running: false, StartedAt: '2026-09-01T00:00:00Z' } }],
    ['unknown', { State: { StartedAt: '0001-01-01T00:00:00Z' } }],
    ['unknown', {}, { version: { BuildTime: 'yesterday' } }],
    ['unknown', {}, { version: null }],
  ),
]
