/**
 * Runs a service with a secret in a swarm, waits for its task, reads its log, adds a replica, and removes everything.
 * Needs a swarm manager: run `docker swarm init`.
 *
 *     tsx examples/swarm-service.ts IMAGE
 */
import { setTimeout as delay } from 'node:timers/promises'
import { connect, UnavailableError, type DockerClient, type ServiceSpec } from 'docker-mtls'

/** Secrets can't be changed, so each run uses a new name. */
const name = `greeting-${Date.now()}`
const signal = AbortSignal.timeout(60_000)

function serviceOf(image: string, secret: string): ServiceSpec {
  const File = { Name: 'greeting', UID: '0', GID: '0', Mode: 0o400 }
  return {
    Name: name,
    TaskTemplate: {
      ContainerSpec: {
        Image: image,
        Command: ['sh', '-c', 'cat /run/secrets/greeting; echo; trap exit TERM; sleep 1000 & wait'],
        Secrets: [{ SecretID: secret, SecretName: name, File }],
      },
      Resources: { Limits: { MemoryBytes: 64 * 1024 ** 2 } },
    },
    Mode: { Replicated: { Replicas: 1 } },
  }
}

/** Waits until `count` tasks are running. Prints the errors of the others. */
async function untilRunning(docker: DockerClient, service: string, count: number): Promise<void> {
  for (;;) {
    const tasks = await docker.tasks.list({ filters: { service, 'desired-state': 'running' }, signal })
    const running = tasks.filter(({ Status }) => Status.State === 'running').length
    console.log(`${running} of ${count} tasks running`, ...tasks.flatMap(({ Status }) => Status.Err ?? []))
    if (running === count) return
    await delay(250, undefined, { signal })
  }
}

async function show(docker: DockerClient, service: string): Promise<void> {
  await untilRunning(docker, service, 1)
  for await (const line of docker.services.logs(service, { follow: true, signal }).lines()) {
    console.log(`log: ${line}`)
    break
  }
  // An update sends the complete specification, and the version that it replaces.
  const { Spec, Version } = await docker.services.inspect(service)
  await docker.services.update(service, { ...Spec, Mode: { Replicated: { Replicas: 2 } } }, { version: Version.Index })
  await untilRunning(docker, service, 2)
}

async function main(image: string): Promise<void> {
  const docker = await connect()
  try {
    const { ID: secret } = await docker.secrets.create({ Name: name, Data: Buffer.from('hello from a secret') })
    try {
      const { ID: service } = await docker.services.create(serviceOf(image, secret))
      try {
        await show(docker, service)
      } finally {
        await docker.services.remove(service)
      }
    } finally {
      await docker.secrets.remove(secret)
    }
  } finally {
    await docker.close()
  }
}

main(process.argv[2] ?? 'alpine').catch((error: unknown) => {
  console.error(error instanceof UnavailableError ? 'Create a swarm first:  docker swarm init' : error)
  process.exitCode = 1
})
