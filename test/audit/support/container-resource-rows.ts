import type { Surroundings } from './containers.ts'
import { host, NO_INFO, rows, type Row } from './row.ts'

const limits = (name: string): Surroundings => ({ info: { [name]: false } })

/** Limits of a container. */
export const RESOURCE_ROWS: readonly Row[] = [
  ...rows(
    'C-MEM',
    ['pass', {}],
    ['fail', host({ Memory: 0 })],
    ['fail', host({ Memory: 0 }), limits('MemoryLimit')],
    ['unknown', {}, limits('MemoryLimit')],
    ['unknown', {}, NO_INFO],
    ['unknown', host({ Memory: undefined })],
  ),
  ...rows(
    'C-CPU',
    ['pass', {}],
    ['pass', host({ NanoCpus: 0, CpuQuota: 50_000 })],
    ['pass', host({ NanoCpus: 0, CpuShares: 512 })],
    ['pass', host({ NanoCpus: 0, CpusetCpus: '0-1' })],
    ['fail', host({ NanoCpus: 0 })],
    ['fail', host({ NanoCpus: 0, CpuQuota: -1, CpuShares: 1024 })],
    ['unknown', {}, limits('CpuCfsQuota')],
    ['unknown', host({ NanoCpus: undefined })],
  ),
  ...rows(
    'C-PIDS',
    ['pass', {}],
    ...[null, 0, -1].map((PidsLimit) => ['fail', host({ PidsLimit })] as const),
    ['unknown', {}, limits('PidsLimit')],
    ['unknown', host({ PidsLimit: undefined })],
  ),
  ...rows(
    'C-ULIMIT',
    ['pass', {}],
    ['pass', host({ Ulimits: [{ Name: 'nofile', Soft: 1024, Hard: 4096 }] })],
    ['pass', host({ Ulimits: [{ Name: 'core', Soft: -1, Hard: -1 }] })],
    ['fail', host({ Ulimits: [{ Name: 'nofile', Soft: 1_048_576, Hard: 1_048_576 }] })],
    ['fail', host({ Ulimits: [{ Name: 'nofile', Soft: -1, Hard: -1 }] })],
    ['warn', host({ Ulimits: [{ Name: 'memlock', Soft: -1, Hard: -1 }] })],
    ['fail', host({ Ulimits: [{ Name: 'nofile', Soft: 1024, Hard: 1_073_741_816 }] })],
    ['pass', host({ Ulimits: [{ Name: 'nofile', Soft: 1024, Hard: 524_288 }] })],
    ['unknown', host({ Ulimits: [{ Name: 'nofile' }] })],
    ['unknown', host({ Ulimits: undefined })],
  ),
  ...rows(
    'C-OOM',
    ['pass', {}],
    ['pass', host({ OomScoreAdj: 500 })],
    ['fail', host({ OomScoreAdj: -1 })],
    ['fail', host({ OomKillDisable: true, Memory: 0 })],
    ['warn', host({ OomKillDisable: true })],
    ['unknown', host({ OomKillDisable: undefined })],
  ),
  ...rows(
    'C-RESTART',
    ['pass', {}],
    ['pass', host({ RestartPolicy: { Name: '', MaximumRetryCount: 0 } })],
    ['pass', host({ RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 5 } })],
    ['warn', host({ RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 6 } })],
    ['warn', host({ RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 0 } }), {}, 'without a limit'],
    ['warn', host({ RestartPolicy: { Name: 'always', MaximumRetryCount: 0 } })],
    ['warn', host({ RestartPolicy: { Name: 'unless-stopped', MaximumRetryCount: 0 } })],
    ['unknown', host({ RestartPolicy: { Name: 'on-failure' } })],
    ['unknown', host({ RestartPolicy: undefined })],
  ),
  ...rows(
    'C-LOGSIZE',
    ['pass', {}],
    ['pass', host({ LogConfig: { Type: 'local', Config: {} } })],
    ['fail', host({ LogConfig: { Type: 'json-file', Config: null } })],
    ['fail', host({ LogConfig: { Type: 'json-file', Config: { 'max-size': '-1' } } })],
    ['fail', host({ LogConfig: { Type: 'none', Config: {} } })],
    ['unknown', host({ LogConfig: { Type: 'json-file' } })],
    ['unknown', host({ LogConfig: undefined })],
  ),
]
