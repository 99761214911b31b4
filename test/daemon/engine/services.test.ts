import assert from 'node:assert/strict'
import { after, before, describe, test, type TestContext } from 'node:test'
import {
  BadRequestError,
  ConflictError,
  NotFoundError,
  ServerError,
  type DockerClient,
  type ServiceSpec,
} from '../../../lib/index.ts'
import { lacks } from '../../support/requirements.ts'
import { soon, type BusyboxEngine } from '../support/busybox-engine.ts'
import { serviceOf, startSwarmEngine, taskOf, tasksOf } from '../support/swarm-engine.ts'
import { until } from '../support/until.ts'

const skip = lacks('namespaces', 'dockerd', 'docker', 'busybox', 'ip')

/** Open sockets of this process. */
const sockets = (): number => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length

describe('services', { skip }, () => {
  let engine: BusyboxEngine
  let docker: DockerClient
  before(async () => {
    engine = await startSwarmEngine()
    docker = engine.docker
  })
  after(() => engine?.stop())

  const spec = (name: string, script = 'true', more: object = {}): ServiceSpec =>
    serviceOf(name, script, { Image: engine.image, ...more })

  /** Makes a service that goes when the test ends. */
  async function made(t: TestContext, service: ServiceSpec): Promise<string> {
    const { ID, Warnings } = await docker.services.create(service)
    assert.equal(Warnings, null)
    t.after(() => docker.services.remove(ID).catch(() => undefined))
    return ID
  }

  test('a life: made, found, changed, rolled back, removed', async (t) => {
    const id = await made(t, { ...spec('alive'), Labels: { stage: 'one' } })
    await assert.rejects(docker.services.create(spec('alive')), ConflictError)
    const first = await docker.services.inspect('alive')
    assert.equal(first.ID, id)
    assert.equal(first.Spec.TaskTemplate?.ContainerSpec?.Image, engine.image)
    assert.deepEqual(first.Spec.Mode, { Replicated: { Replicas: 1 } })
    assert.equal(first.Spec.UpdateConfig, undefined)
    assert.equal(first.PreviousSpec, undefined)
    const whole = await docker.services.inspect(id, { insertDefaults: true })
    assert.equal(whole.Spec.UpdateConfig?.Order, 'stop-first')
    await taskOf(docker, id)

    const changed = { ...first.Spec, Labels: { stage: 'two' }, Mode: { Replicated: { Replicas: 2 } } }
    assert.deepEqual(await docker.services.update(id, changed, { version: first.Version.Index }), { Warnings: null })
    await tasksOf(docker, id, { count: 2 })
    const second = await docker.services.inspect(id)
    assert.deepEqual(second.Spec.Labels, { stage: 'two' })
    assert.deepEqual(second.PreviousSpec?.Labels, { stage: 'one' })
    await assert.rejects(docker.services.update(id, changed, { version: first.Version.Index }), ConflictError)

    await docker.services.update(id, second.Spec, { version: second.Version.Index, rollback: 'previous' })
    const third = await docker.services.inspect(id)
    assert.deepEqual(third.Spec.Labels, { stage: 'one' })
    assert.deepEqual(third.Spec.Mode, { Replicated: { Replicas: 1 } })
    await docker.services.remove(id)
    await assert.rejects(docker.services.inspect(id), NotFoundError)
    await assert.rejects(docker.services.remove(id), NotFoundError)
    await assert.rejects(docker.services.update(id, changed, { version: 1 }), NotFoundError)
  })

  test('a rollback needs something to go back to, and no update changes the mode', async (t) => {
    const id = await made(t, spec('young'))
    const { Spec, Version } = await docker.services.inspect(id)
    const version = Version.Index
    await assert.rejects(docker.services.update(id, Spec, { version, rollback: 'previous' }), BadRequestError)
    await assert.rejects(
      docker.services.update(id, { ...Spec, Mode: { Global: {} } }, { version }),
      (error: unknown) => {
        assert.match(String(error), /service mode change is not allowed/)
        return true
      },
    )
    const registryAuthFrom = 'previous-spec'
    await assert.rejects(docker.services.update(id, Spec, { version, registryAuthFrom }), ServerError)
    // @ts-expect-error the version is needed
    await assert.rejects(docker.services.update(id, Spec, {}), BadRequestError)
  })

  test('what fails to start is not rolled out: it goes back by itself, and says so', async (t) => {
    const quick = { Parallelism: 1, Monitor: 5e8, FailureAction: 'rollback', MaxFailureRatio: 0 } as const
    const id = await made(t, { ...spec('careful'), UpdateConfig: quick })
    await taskOf(docker, id)
    const { Spec, Version } = await docker.services.inspect(id)
    const TaskTemplate = { ...spec('careful', 'exit 3').TaskTemplate, RestartPolicy: { Condition: 'none' } } as const
    await docker.services.update(id, { ...Spec, TaskTemplate }, { version: Version.Index })
    const { UpdateStatus } = await until('the rollback is done', async () => {
      const service = await docker.services.inspect(id)
      return service.UpdateStatus?.State === 'rollback_completed' && service
    })
    assert.match(UpdateStatus?.Message ?? '', /rollback completed/)
    const [failed] = await tasksOf(docker, id, { state: 'failed' })
    assert.equal(failed?.Status.ContainerStatus?.ExitCode, 3)
    assert.match(failed.Status.Err ?? '', /non-zero exit \(3\)/)
  })

  test('a list, its filters, and how many tasks run', async (t) => {
    const one = await made(t, { ...spec('list-one'), Labels: { colour: 'red' } })
    const two = await made(t, { ...spec('list-two'), Mode: { Global: {} }, Labels: { colour: 'blue' } })
    const ids = async (filters: object): Promise<string[]> =>
      (await docker.services.list({ filters, allowUnknown: true })).map(({ ID }) => ID)
    assert.deepEqual(await ids({ label: 'colour=red' }), [one])
    assert.deepEqual(new Set(await ids({ label: 'colour' })), new Set([one, two]))
    assert.deepEqual(await ids({ mode: 'global' }), [two])
    assert.deepEqual(await ids({ name: 'list-two' }), [two])
    assert.deepEqual(await ids({ id: one }), [one])
    assert.deepEqual(await ids({ id: one, runtime: 'plugin' }), [])
    await assert.rejects(ids({ colour: 'red' }), BadRequestError)
    await taskOf(docker, one)
    const [counted] = await docker.services.list({ filters: { id: one }, status: true })
    assert.deepEqual(counted?.ServiceStatus, { RunningTasks: 1, DesiredTasks: 1, CompletedTasks: 0 })
    assert.equal((await docker.services.list({ filters: { id: one } }))[0]?.ServiceStatus, undefined)
  })

  test('a job runs to its end, so often as it shall', async (t) => {
    const Mode = { ReplicatedJob: { MaxConcurrent: 1, TotalCompletions: 2 } }
    const job = spec('job', 'exit 0')
    const TaskTemplate = { ...job.TaskTemplate, RestartPolicy: { Condition: 'none' } } as const
    const id = await made(t, { ...job, TaskTemplate, Mode })
    const tasks = await tasksOf(docker, id, { state: 'complete', count: 2 })
    const { JobStatus, Spec } = await docker.services.inspect(id)
    assert.deepEqual(Spec.Mode, Mode)
    assert.deepEqual(tasks[0]?.JobIteration, JobStatus?.JobIteration)
    assert.match(JobStatus?.LastExecution ?? '', /^\d{4}-/)
    const [counted] = await docker.services.list({ filters: { mode: 'replicated-job' }, status: true })
    assert.equal(counted?.ServiceStatus?.CompletedTasks, 2)
    const globalJob = await made(t, { ...job, TaskTemplate, Name: 'global-job', Mode: { GlobalJob: {} } })
    await tasksOf(docker, globalJob, { state: 'complete' })
  })

  test('all that a container can be told arrives', async (t) => {
    const ContainerSpec = {
      Image: engine.image,
      Command: ['sh', '-c'],
      Args: ['trap exit TERM; while :; do sleep 0.05; done'],
      Labels: { of: 'container' },
      Hostname: 'host-{{.Task.Slot}}',
      Env: ['A=b'],
      Dir: '/tmp',
      User: '65534:65534',
      Groups: ['1234'],
      ReadOnly: true,
      OpenStdin: true,
      StopSignal: 'SIGTERM',
      StopGracePeriod: 1e9,
      Init: true,
      Isolation: 'default',
      Hosts: ['192.0.2.7 elsewhere'],
      DNSConfig: { Nameservers: ['192.0.2.53'], Search: ['example.com'], Options: ['ndots:2'] },
      Healthcheck: { Test: ['CMD', 'true'], Interval: 1e9, Timeout: 1e9, Retries: 2, StartPeriod: 1e6 },
      Sysctls: { 'net.ipv4.ip_unprivileged_port_start': '80' },
      CapabilityAdd: ['CAP_NET_ADMIN'],
      CapabilityDrop: ['CAP_CHOWN'],
      Ulimits: [{ Name: 'nofile', Soft: 1024, Hard: 2048 }],
      Privileges: {
        CredentialSpec: null,
        SELinuxContext: null,
        NoNewPrivileges: true,
        AppArmor: { Mode: 'default' },
        Seccomp: { Mode: 'unconfined' },
      },
      Mounts: [
        { Type: 'tmpfs', Target: '/memory', TmpfsOptions: { SizeBytes: 1048576, Mode: 0o1777 } },
        {
          Type: 'bind',
          Source: '/tmp',
          Target: '/host',
          ReadOnly: true,
          BindOptions: { Propagation: 'rprivate', NonRecursive: true },
        },
        { Type: 'volume', Source: 'things', Target: '/things', VolumeOptions: { Labels: { of: 'volume' } } },
      ],
    } as const
    const TaskTemplate = {
      ContainerSpec,
      ForceUpdate: 3,
      LogDriver: { Name: 'json-file', Options: { 'max-size': '1m' } },
      Resources: {
        Limits: { MemoryBytes: 67108864, NanoCPUs: 500000000, Pids: 50 },
        Reservations: { MemoryBytes: 4194304 },
      },
      RestartPolicy: { Condition: 'on-failure', Delay: 1e8, MaxAttempts: 2, Window: 1e9 },
      Placement: { MaxReplicas: 3, Preferences: [{ Spread: { SpreadDescriptor: 'node.labels.rack' } }] },
      Runtime: 'container',
    } as const
    const EndpointSpec = {
      Mode: 'dnsrr',
      Ports: [{ Name: 'web', Protocol: 'tcp', TargetPort: 80, PublishedPort: 18080, PublishMode: 'host' }],
    } as const
    const RollbackConfig = {
      Parallelism: 2,
      FailureAction: 'continue',
      MaxFailureRatio: 0.5,
      Order: 'start-first',
    } as const
    const asked: ServiceSpec = { Name: 'told', Labels: { of: 'service' }, TaskTemplate, EndpointSpec, RollbackConfig }
    const id = await made(t, asked)
    const { Spec } = await docker.services.inspect(id)
    assert.deepEqual(Spec, { ...asked, Mode: { Replicated: { Replicas: 1 } } })
    const { Spec: whole, Version } = await docker.services.inspect(id, { insertDefaults: true })
    await docker.services.update(id, { ...whole, Labels: { of: 'update' } }, { version: Version.Index })
    assert.deepEqual((await docker.services.inspect(id)).Spec.Labels, { of: 'update' })
    const misspelt = { ...whole, TaskTemplate: { ...whole.TaskTemplate, Placement: { Constraint: [] } } }
    await assert.rejects(docker.services.update(id, misspelt as object, { version: Version.Index }), {
      code: 'ERR_API_FIELD_UNKNOWN',
      message: /no field TaskTemplate\.Placement\.Constraint,[^]*Did you mean TaskTemplate\.Placement\.Constraints\?/,
    })
    const { Status } = await taskOf(docker, id)
    assert.equal(Status.PortStatus.Ports?.[0]?.PublishedPort, 18080)
    const { Config, HostConfig } = await docker.containers.inspect(Status.ContainerStatus?.ContainerID ?? '')
    assert.equal(Config.Hostname, 'host-1')
    assert.equal(HostConfig.PidsLimit, 50)
    assert.ok(HostConfig.SecurityOpt?.includes('seccomp=unconfined'), 'without seccomp')
    assert.ok(HostConfig.CapAdd?.includes('CAP_NET_ADMIN'), 'with the capability')
  })

  test('what can not be is refused, and none is made', async () => {
    await assert.rejects(docker.services.create({ Name: 'bad' }), BadRequestError)
    await assert.rejects(docker.services.create({ ...spec('a/b') }), BadRequestError)
    await assert.rejects(docker.services.create({ TaskTemplate: { ContainerSpec: {} } }), BadRequestError)
    const PluginSpec = { name: 'x', remote: 'x' }
    await assert.rejects(docker.services.create({ TaskTemplate: { PluginSpec, Runtime: 'plugin' } }), ServerError)
    await assert.rejects(
      // @ts-expect-error a value that there isn't
      docker.services.create({ ...spec('bad'), EndpointSpec: { Mode: 'magic' } }),
      { code: 'ERR_ARGUMENT_INVALID' },
    )
    assert.deepEqual(await docker.services.list({ filters: { name: 'bad' } }), [])
  })

  describe('their logs', () => {
    test('come as they were written, in part, and with more beside them', async (t) => {
      const id = await made(t, spec('talks', 'echo two >&2; sleep 0.3; echo one; echo three'))
      const { ID } = await taskOf(docker, id)
      await until('all of it', async () => (await (await docker.services.logs(id)).text()).includes('three'))
      const { stdout, stderr } = await (await docker.services.logs('talks')).collect()
      assert.equal(stdout.toString(), 'one\nthree\n')
      assert.equal(stderr.toString(), 'two\n')
      const text = async (options: object): Promise<string> => (await docker.services.logs(id, options)).text()
      assert.equal(await text({ stderr: false, tail: 1 }), 'three\n')
      assert.equal(await text({ stdout: false }), 'two\n')
      assert.equal(await text({ since: new Date(Date.now() + 60_000) }), '')
      assert.match(await text({ timestamps: true, tail: 1 }), /^\d{4}-\d\d-\d\dT[\d:.]+Z three\n$/)
      assert.match(
        await text({ details: true, tail: 1 }),
        new RegExp(`com\\.docker\\.swarm\\.task\\.id=${ID}.* three\n$`),
      )
      const task = async (options: object): Promise<string> => (await docker.tasks.logs(ID, options)).text()
      assert.equal(await task({ stderr: false }), 'one\nthree\n')
      await assert.rejects(text({ stdout: false, stderr: false }), ServerError)
    })

    test('are followed until the loop is left or the signal says so, and both end the request', async (t) => {
      const id = await made(
        t,
        spec('goes-on', 'i=0; while [ $i -lt 400 ]; do i=$((i+1)); echo line $i; sleep 0.05; done'),
      )
      const { ID } = await taskOf(docker, id)
      const idle = sockets()
      for (const open of [
        () => docker.services.logs(id, { follow: true }),
        () => docker.tasks.logs(ID, { follow: true }),
      ]) {
        const seen: string[] = []
        const read = async (): Promise<void> => {
          for await (const line of (await open()).lines()) if (seen.push(line) === 5) break
        }
        await soon('five lines', read())
        assert.deepEqual(seen, ['line 1', 'line 2', 'line 3', 'line 4', 'line 5'])
      }
      const leaving = new AbortController()
      const reason = new Error('enough')
      const logs = await docker.services.logs(id, { follow: true, signal: leaving.signal })
      const reading = (async () => {
        for await (const _ of logs) leaving.abort(reason)
      })()
      await soon('the end', assert.rejects(reading, reason))
      await until('their sockets are gone', async () => sockets() <= idle)
    })

    test('of a terminal are raw, and not split', async (t) => {
      const id = await made(t, spec('terminal', 'echo out; echo err >&2', { TTY: true }))
      const { ID } = await taskOf(docker, id)
      await until('all of it', async () => (await (await docker.services.logs(id)).text()).includes('err'))
      for (const logs of [await docker.services.logs(id), await docker.tasks.logs(ID)]) {
        assert.equal(logs.tty, true)
        assert.equal(await logs.text(), 'out\r\nerr\r\n')
      }
    })

    test('are told apart for a daemon that does not say whether there is a terminal', async (t) => {
      const old = await engine.connect({ apiVersion: '1.41' })
      t.after(() => old.close())
      for (const [name, TTY] of [
        ['old-raw', true],
        ['old-frames', false],
      ] as const) {
        const id = await made(t, spec(name, 'echo words', { TTY }))
        const { ID } = await taskOf(docker, id)
        const words = TTY ? 'words\r\n' : 'words\n'
        await until('all of it', async () => (await (await docker.services.logs(id)).text()) === words)
        for (const logs of [await old.services.logs(id), await old.tasks.logs(ID)]) {
          assert.equal(logs.tty, TTY)
          assert.equal(await logs.text(), words)
        }
      }
    })

    test('of what is not there are an error before the loop', async () => {
      await assert.rejects(Promise.resolve(docker.services.logs('nobody')), NotFoundError)
      await assert.rejects(Promise.resolve(docker.tasks.logs('nobody')), NotFoundError)
      await assert.rejects(Promise.resolve(docker.services.logs('nobody', { since: 'yesterday' })), {
        code: 'ERR_ARGUMENT_INVALID',
      })
    })
  })

  test('tasks are listed by their filters, and each can be looked at', async (t) => {
    const id = await made(t, spec('many'))
    const task = await taskOf(docker, id)
    assert.deepEqual(await docker.tasks.inspect(task.ID), task)
    assert.equal(task.ServiceID, id)
    assert.equal(task.Slot, 1)
    assert.equal(task.DesiredState, 'running')
    assert.match(task.Status.ContainerStatus?.ContainerID ?? '', /^[0-9a-f]{64}$/)
    const ids = async (filters: object): Promise<string[]> => (await docker.tasks.list({ filters })).map(({ ID }) => ID)
    assert.deepEqual(await ids({ id: task.ID }), [task.ID])
    assert.deepEqual(await ids({ name: 'many', 'desired-state': ['running', 'accepted'] }), [task.ID])
    assert.deepEqual(await ids({ service: 'many', node: task.NodeID ?? '' }), [task.ID])
    assert.deepEqual(await ids({ service: 'many', 'desired-state': 'shutdown' }), [])
    assert.deepEqual(await ids({ label: 'nothing' }), [])
    await assert.rejects(ids({ service: 'nobody' }), NotFoundError)
    await assert.rejects(ids({ 'desired-state': 'asleep' }), { code: 'ERR_ARGUMENT_INVALID', message: /'shutdown'/ })
    await assert.rejects(docker.tasks.inspect('nobody'), NotFoundError)
  })
})
