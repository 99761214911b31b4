// Does what tests with Testcontainers do, and prints how each step ended. The variables say where the daemon is.
import { createRequire } from 'node:module'
import { text } from 'node:stream/consumers'

const require = createRequire(new URL('../../../../bench/package.json', import.meta.url))
const { GenericContainer, Network, Wait } = require('testcontainers')

const [image = '', context = '', open = ''] = process.argv.slice(2)
// Testcontainers reads the log from the start on that dockerd notes, which can be later than the first line.
const SERVE = 'sleep 0.5; echo hello > /tmp/index.html; echo serving; exec httpd -f -p 8080 -h /tmp'
const outcomes = {}
// Testcontainers lets Node.js end while it reads logs.
const awake = setInterval(() => {}, 1_000)

async function step(name, work) {
  outcomes[name] = await work()
}

const network = await new Network().start()
const server = await new GenericContainer(image)
  .withCommand(['sh', '-c', SERVE])
  .withNetwork(network)
  .withNetworkAliases('server')
  .withEnvironment({ WORD: 'said' })
  .withExposedPorts(8080)
  .withCopyContentToContainer([{ content: 'copied', target: '/copied' }])
  .withHealthCheck({ test: ['CMD-SHELL', 'true'], interval: 250, timeout: 1000, retries: 3, startPeriod: 0 })
  .withWaitStrategy(
    Wait.forAll([
      Wait.forListeningPorts(),
      Wait.forLogMessage('serving'),
      Wait.forHttp('/', 8080),
      Wait.forHealthCheck(),
      Wait.forSuccessfulCommand('test -f /copied'),
    ]),
  )
  .start()
await step('http', async () => (await fetch(`http://${server.getHost()}:${server.getMappedPort(8080)}/`)).text())
await step('exec', async () => (await server.exec(['sh', '-c', 'echo $WORD $(cat /copied)'])).output)
await step('logs', async () => {
  for await (const line of await server.logs()) return String(line)
})
await step('archive', async () => (await text(await server.copyArchiveFromContainer('/copied'))).includes('copied'))
await step('build', async () => {
  const built = await GenericContainer.fromDockerfile(context)
    .withBuildArgs({ BASE: image })
    .build('testcontainers:built')
  const once = await built.withNetwork(network).withWaitStrategy(Wait.forOneShotStartup()).start()
  await once.stop({ timeout: 0 })
  return 'ran'
})
// Then dockerode sends an empty authconfig.
await step('pull without a login', async () => {
  const once = await new GenericContainer(open)
    .withCommand(['sleep', '0.5'])
    .withWaitStrategy(Wait.forOneShotStartup())
    .start()
  await once.stop({ timeout: 0 })
  return 'ran'
})
await step('privileged', () =>
  new GenericContainer(image)
    .withPrivilegedMode()
    .start()
    .then(
      () => 'started',
      ({ statusCode }) => `refused ${statusCode}`,
    ),
)
await server.stop({ timeout: 0 })
await network.stop()
clearInterval(awake)
process.stdout.write(JSON.stringify(outcomes), () => process.exit())
