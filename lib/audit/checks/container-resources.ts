import { containerCheck, type Check } from '../check.ts'
import { cisItems, dockerDocs, manPage } from '../container/documents.ts'
import { infoOf } from '../container/user-namespace.ts'
import { worst } from '../worst.ts'
import type { ContainerFacts } from '../snapshot/container-schema.ts'
import { fail, pass, reported, unknown, warn, type Verdict } from '../verdict.ts'

const CONSTRAINTS = dockerDocs('engine/containers/resource_constraints/')

const memory = containerCheck({
  id: 'C-MEM',
  title: 'The container has a memory limit',
  severity: 'medium',
  cis: cisItems('5.11'),
  why: 'Without a limit, an attacker in one container can use up the memory of the host. The kernel then kills other processes, including those of other containers.',
  remedy:
    'docker update --memory 512m --memory-swap 512m NAME, or with the size that it needs. Use the same options with docker run.',
  references: [CONSTRAINTS],
  test: ({ HostConfig }, snapshot) => {
    const limit = reported(HostConfig?.Memory, 'HostConfig.Memory')
    if (limit <= 0) return fail('Memory: no limit')
    return enforced(reported(infoOf(snapshot)?.MemoryLimit, 'info.MemoryLimit'), 'memory', `Memory: ${limit}`)
  },
})

const cpu = containerCheck({
  id: 'C-CPU',
  title: 'The container has a CPU limit or weight',
  severity: 'low',
  cis: cisItems('5.12'),
  why: 'Without a limit, an attacker in one container can use all CPUs, and slow down everything else on the host.',
  remedy: 'docker update --cpus 1 NAME. Use the same option with docker run.',
  references: [CONSTRAINTS],
  test: ({ HostConfig }, snapshot) => {
    const nano = reported(HostConfig?.NanoCpus, 'HostConfig.NanoCpus')
    const quota = reported(HostConfig?.CpuQuota, 'HostConfig.CpuQuota')
    const shares = reported(HostConfig?.CpuShares, 'HostConfig.CpuShares')
    if (nano > 0 || quota > 0) {
      return enforced(reported(infoOf(snapshot)?.CpuCfsQuota, 'info.CpuCfsQuota'), 'CPU', 'a quota')
    }
    if (reported(HostConfig?.CpusetCpus, 'HostConfig.CpusetCpus') !== '') return pass('only certain CPUs')
    // 1024 is the weight of every container without one.
    return shares > 0 && shares !== 1024 ? pass(`CpuShares: ${shares}`) : fail('no CPU limit')
  },
})

const processes = containerCheck({
  id: 'C-PIDS',
  title: 'The container has a process limit',
  severity: 'medium',
  cis: cisItems('5.29'),
  why: 'Without a limit, a fork bomb in one container uses up all process ids of the host. You then cannot even log in to stop it.',
  remedy: 'docker update --pids-limit 200 NAME. Use the same option with docker run.',
  references: [dockerDocs('reference/cli/docker/container/run/'), manPage('cgroups.7')],
  test: ({ HostConfig }, snapshot) => {
    const limit = reported(HostConfig?.PidsLimit, 'HostConfig.PidsLimit')
    if (limit <= 0) return fail('PidsLimit: no limit')
    return enforced(reported(infoOf(snapshot)?.PidsLimit, 'info.PidsLimit'), 'process', `PidsLimit: ${limit}`)
  },
})

/** Docker 29 lowered its default from this to 1024. */
const MANY_FILES = 1_048_576

const ulimits = containerCheck({
  id: 'C-ULIMIT',
  title: 'The container does not raise its ulimits to the maximum',
  severity: 'low',
  cis: cisItems('5.19'),
  why: 'An attacker whose process may open a million files or lock all memory can exhaust the memory of the kernel on the host.',
  remedy: 'Create the container again with --ulimit nofile=1024:4096, and without memlock=-1 and nproc=-1.',
  references: [dockerDocs('reference/cli/docker/container/run/#ulimit'), manPage('getrlimit.2')],
  test: ({ HostConfig }) => worst(reported(HostConfig?.Ulimits, 'HostConfig.Ulimits').map(judgeUlimit), pass()),
})

const outOfMemory = containerCheck({
  id: 'C-OOM',
  title: 'The kernel can kill the container if memory runs out',
  severity: 'medium',
  cis: {},
  why: 'If the kernel spares this container, it kills processes of the host or of other containers instead. An attacker in this container can cause that by using up the memory.',
  remedy: 'Create the container again without --oom-kill-disable, and without a negative --oom-score-adj.',
  references: [CONSTRAINTS],
  test: ({ HostConfig }) => {
    const score = reported(HostConfig?.OomScoreAdj, 'HostConfig.OomScoreAdj')
    if (score < 0) return fail(`OomScoreAdj: ${score}`)
    if (!reported(HostConfig?.OomKillDisable, 'HostConfig.OomKillDisable')) return pass()
    const hasLimit = reported(HostConfig?.Memory, 'HostConfig.Memory') > 0
    return hasLimit ? warn('OomKillDisable: true') : fail('OomKillDisable: true, without a memory limit')
  },
})

const restarts = containerCheck({
  id: 'C-RESTART',
  title: 'The daemon restarts the container only a few times',
  severity: 'low',
  cis: cisItems('5.15'),
  why: 'A container that restarts after each crash without limit gives an attacker any number of tries, and hides that something is wrong.',
  remedy:
    'docker update --restart on-failure:5 NAME. With this policy, the container may not start again when the daemon restarts. If it must, keep its policy and monitor its restarts.',
  references: [dockerDocs('engine/containers/start-containers-automatically/')],
  windows: true,
  test: ({ HostConfig }) => {
    const name = reported(HostConfig?.RestartPolicy?.Name, 'HostConfig.RestartPolicy.Name')
    if (name === 'always' || name === 'unless-stopped') return warn(`RestartPolicy: ${name}`)
    if (name !== 'on-failure') return pass()
    const retries = reported(HostConfig?.RestartPolicy?.MaximumRetryCount, 'RestartPolicy.MaximumRetryCount')
    const detail = `RestartPolicy: on-failure, ${retries === 0 ? 'without a limit' : `${retries} times`}`
    return retries >= 1 && retries <= 5 ? pass(detail) : warn(detail)
  },
})

const logs = containerCheck({
  id: 'C-LOGSIZE',
  title: 'The log of the container is kept, and its size is limited',
  severity: 'low',
  cis: {},
  why: 'Without a limit, an attacker can fill the disk of the host with the output of the container. Without a log, you cannot find out afterwards what happened.',
  remedy: 'Create the container again with --log-driver local, or with --log-opt max-size=10m --log-opt max-file=3.',
  references: [dockerDocs('engine/logging/drivers/json-file/'), dockerDocs('engine/logging/configure/')],
  windows: true,
  test: ({ HostConfig }) => {
    const type = reported(HostConfig?.LogConfig?.Type, 'HostConfig.LogConfig.Type')
    if (type === 'none') return fail('log driver none')
    if (type !== 'json-file') return pass(`log driver ${type}`)
    const size = reported(HostConfig?.LogConfig?.Config, 'HostConfig.LogConfig.Config')['max-size'] ?? ''
    return size === '' || size.startsWith('-') ? fail('json-file without max-size') : pass(`max-size=${size}`)
  },
})

/** A limit counts only if the kernel and the daemon support it. */
function enforced(isSupported: boolean, kind: string, detail: string): Verdict {
  return isSupported
    ? pass(detail)
    : unknown(`${detail}, but the daemon reports that it does not support ${kind} limits`)
}

type Ulimit = NonNullable<NonNullable<ContainerFacts['HostConfig']>['Ulimits']>[number]

function judgeUlimit({ Name, Soft, Hard }: Ulimit): Verdict {
  const name = reported(Name, 'HostConfig.Ulimits[].Name')
  const soft = reported(Soft, 'HostConfig.Ulimits[].Soft')
  const hard = reported(Hard, 'HostConfig.Ulimits[].Hard')
  const detail = `${name}=${soft}:${hard}`
  const isUnlimited = hard < 0 || soft < 0
  // Every process may raise its soft limit up to the hard one (getrlimit(2)).
  if (name === 'nofile') return isUnlimited || Math.max(soft, hard) >= MANY_FILES ? fail(detail) : pass()
  return isUnlimited && ['memlock', 'nproc'].includes(name) ? warn(detail) : pass()
}

/** Limits of a container. */
export const CONTAINER_RESOURCES: readonly Check[] = [memory, cpu, processes, ulimits, outOfMemory, restarts, logs]
