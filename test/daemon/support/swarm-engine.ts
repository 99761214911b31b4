import assert from 'node:assert/strict'
import type { ContainerSpec, DockerClient, ServiceSpec, SwarmInitRequest, Task, TaskState } from '../../../lib/index.ts'
import type { SecuredOptions } from '../harness/secured.ts'
import { startBusyboxEngine, type BusyboxEngine } from './busybox-engine.ts'
import { until } from './until.ts'

/** A swarm of one node, on loopback. */
export const ON_LOOPBACK: SwarmInitRequest = { ListenAddr: '127.0.0.1:2377', AdvertiseAddr: '127.0.0.1' }

/** A {@link BusyboxEngine} that is the only manager of a swarm. */
export async function startSwarmEngine(options: SecuredOptions = {}): Promise<BusyboxEngine> {
  const engine = await startBusyboxEngine(options)
  try {
    await engine.docker.swarm.init(ON_LOOPBACK)
    return engine
  } catch (error) {
    await engine.stop()
    throw error
  }
}

/** A service of one container, which runs a script, and then waits to be told to end. */
export function serviceOf(Name: string, script: string, more: ContainerSpec & { readonly Image: string }): ServiceSpec {
  const Command = ['sh', '-c', `trap exit TERM; ${script}; while :; do sleep 0.05; done`]
  return { Name, TaskTemplate: { ContainerSpec: { Command, StopGracePeriod: 1e9, ...more } } }
}

/** Waits for a service to have so many tasks in a state, and gives them. */
export function tasksOf(
  docker: DockerClient,
  service: string,
  { state = 'running', count = 1 }: { readonly state?: TaskState; readonly count?: number } = {},
): Promise<readonly Task[]> {
  return until(`${count} tasks of ${service} that are ${state}`, async () => {
    const tasks = await docker.tasks.list({ filters: { service } })
    const found = tasks.filter(({ Status }) => Status.State === state)
    return found.length === count && found
  })
}

/** The task of a service of one replica, once it runs. */
export async function taskOf(docker: DockerClient, service: string): Promise<Task> {
  const [task] = await tasksOf(docker, service)
  assert.ok(task, `${service} has a task`)
  return task
}
