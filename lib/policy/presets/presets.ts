import type { Preset } from './preset.ts'

const FIRST = { 'Most clients of Docker ask these first.': ['system.ping', 'system.pingHead'] } as const

const BUILD = {
  'Builds by BuildKit, and the versions that they ask for.': [
    'images.build',
    'session.open',
    'system.info',
    'system.version',
  ],
} as const

const ENVIRONMENTS = 'Inspections show the environment variables of all containers, which often contain secrets.'
const SPECS = 'Services and tasks show their environment variables, which often contain secrets.'
const STEPS =
  'The steps of a build run on the host of the daemon: they reach the network, and the caches of other builds.'

const TAGS =
  'A build can use every image of the daemon, and can get the name of any: others who run that name then run what was built.'

const DOCKER_CLI: Preset = {
  name: 'docker-cli',
  purpose: 'the docker command: containers, images, builds, networks, volumes',
  level: 'baseline',
  operations: {
    ...FIRST,
    ...BUILD,
    'run, create, start, stop, and what follows.': [
      'containers.create',
      'containers.start',
      'containers.attach',
      'containers.wait',
      'containers.resize',
      'containers.stop',
      'containers.restart',
      'containers.kill',
      'containers.pause',
      'containers.unpause',
      'containers.rename',
      'containers.update',
      'containers.remove',
      'containers.prune',
    ],
    'ps, inspect, logs, top, stats, diff, events, system df.': [
      'containers.list',
      'containers.inspect',
      'containers.logs',
      'containers.top',
      'containers.stats',
      'containers.changes',
      'system.events',
      'system.df',
    ],
    'exec.': ['exec.create', 'exec.start', 'exec.inspect', 'exec.resize'],
    'cp and export.': [
      'containers.archive.stat',
      'containers.archive.get',
      'containers.archive.put',
      'containers.export',
    ],
    'login, pull, push.': ['system.auth', 'images.pull', 'images.push'],
    'Images on this daemon.': [
      'images.list',
      'images.inspect',
      'images.history',
      'images.tag',
      'images.remove',
      'images.save',
      'images.load',
      'images.import',
      'images.commit',
      'images.prune',
      'images.buildPrune',
    ],
    'Networks.': [
      'networks.list',
      'networks.inspect',
      'networks.create',
      'networks.connect',
      'networks.disconnect',
      'networks.remove',
      'networks.prune',
    ],
    'Volumes.': ['volumes.list', 'volumes.inspect', 'volumes.create', 'volumes.remove', 'volumes.prune'],
  },
  notes: ['Swarm, plugins, checkpoints and  docker search  are refused. So is everything that leads to the host.'],
}

const COMPOSE: Preset = {
  name: 'compose',
  purpose: 'Docker Compose: projects with builds, from up to down',
  level: 'baseline',
  operations: {
    ...FIRST,
    ...BUILD,
    'up, run, down: containers.': [
      'containers.list',
      'containers.inspect',
      'containers.create',
      'containers.start',
      'containers.attach',
      'containers.resize',
      'containers.wait',
      'containers.stop',
      'containers.restart',
      'containers.kill',
      'containers.remove',
      'system.events',
    ],
    'up, pull, down: images.': ['images.list', 'images.inspect', 'images.pull', 'images.remove'],
    'up, down: networks and volumes of the project.': [
      'networks.list',
      'networks.inspect',
      'networks.create',
      'networks.remove',
      'volumes.create',
      'volumes.inspect',
      'volumes.remove',
    ],
    'logs, top.': ['containers.logs', 'containers.top'],
    'exec.': ['exec.create', 'exec.start', 'exec.inspect', 'exec.resize'],
    'cp.': ['containers.archive.stat', 'containers.archive.get', 'containers.archive.put'],
  },
  notes: ['Compose mounts the  secrets  and  configs  of a project as files of the host. They are refused, too.'],
}

const TESTCONTAINERS: Preset = {
  name: 'testcontainers',
  purpose: 'tests that start containers with Testcontainers',
  level: 'baseline',
  operations: {
    ...FIRST,
    'Which daemon it is.': ['system.info'],
    'Containers, and waiting until they are ready.': [
      'containers.list',
      'containers.inspect',
      'containers.create',
      'containers.start',
      'containers.logs',
      'containers.stop',
      'containers.remove',
      'exec.create',
      'exec.start',
      'exec.inspect',
    ],
    'Files into and out of a container.': ['containers.archive.put', 'containers.archive.get'],
    'Networks of a test.': ['networks.create', 'networks.connect', 'networks.remove'],
    'Images, and GenericContainer.fromDockerfile().': ['images.inspect', 'images.pull', 'images.build'],
  },
  notes: [
    'Set TESTCONTAINERS_RYUK_DISABLED=true: Ryuk, which removes what tests leave, mounts docker.sock, and is refused.',
  ],
}

const BUILDX: Preset = {
  name: 'buildx',
  purpose: 'docker build and docker buildx build, and nothing else',
  level: 'restricted',
  operations: { ...FIRST, ...BUILD },
  notes: [STEPS, TAGS],
}

const CI_BUILD_AND_PUSH: Preset = {
  name: 'ci-build-and-push',
  purpose: 'CI jobs that build images and push them',
  level: 'restricted',
  operations: {
    ...FIRST,
    ...BUILD,
    'docker login.': ['system.auth'],
    'docker tag and docker push.': ['images.tag', 'images.push'],
    'docker buildx build --push reads the digest.': ['images.inspect', 'distribution.inspect'],
  },
  notes: [STEPS, TAGS, 'It can push every image of the daemon where it can log in.'],
}

const AGENT: Preset = {
  name: 'agent',
  purpose: 'a coding agent, or a tool that you do not trust',
  level: 'restricted',
  owner: true,
  notes: [
    'Every container needs  --cap-drop ALL --security-opt no-new-privileges --user UID:GID .',
    'With  owner , it sees and uses only what it made itself, and images of nobody; builds are refused. Without that line, it can build.',
  ],
}

const MONITORING: Preset = {
  name: 'monitoring',
  purpose: 'monitoring of containers and the daemon, without logs',
  level: 'read-only',
  operations: {
    ...FIRST,
    'Which containers there are, and what they use.': ['containers.list', 'containers.stats'],
    'The daemon.': ['system.info', 'system.version', 'system.df', 'system.events'],
  },
  notes: [
    'Without containers.inspect and containers.logs it sees no environment variables and no logs. Commands and labels are in the list.',
  ],
}

/** For a section of the configuration of Prometheus. */
function overTls(section: string): string {
  return `In ${section}, write  host: https://HOST:2376  with tls_config, or  unix:///PATH  for a local socket: Prometheus speaks plaintext to tcp:// .`
}

const PROMETHEUS: Preset = {
  name: 'prometheus',
  purpose: 'Prometheus, docker_sd_configs',
  level: 'read-only',
  operations: { ...FIRST, 'The targets.': ['containers.list', 'networks.list'] },
  notes: [overTls('docker_sd_configs')],
}

const PROMETHEUS_SWARM: Preset = {
  name: 'prometheus-swarm',
  purpose: 'Prometheus, dockerswarm_sd_configs',
  level: 'read-only',
  operations: { ...FIRST, 'The targets.': ['services.list', 'tasks.list', 'nodes.list', 'networks.list'] },
  notes: [overTls('dockerswarm_sd_configs'), SPECS],
}

const TRAEFIK: Preset = {
  name: 'traefik',
  purpose: "Traefik's provider for Docker",
  level: 'read-only',
  operations: {
    ...FIRST,
    'Once, at the start.': ['system.version'],
    'Containers with their labels and addresses, and when they change.': [
      'containers.list',
      'containers.inspect',
      'system.events',
    ],
  },
  notes: [ENVIRONMENTS],
}

const TRAEFIK_SWARM: Preset = {
  name: 'traefik-swarm',
  purpose: "Traefik's provider for Swarm",
  level: 'read-only',
  operations: {
    ...FIRST,
    'The version of the API, each time.': ['system.version'],
    'Services, and where their tasks are.': ['services.list', 'networks.list', 'tasks.list', 'nodes.inspect'],
  },
  notes: [SPECS],
}

/** All presets, in the order in which they are listed. */
export const PRESETS: readonly Preset[] = [
  DOCKER_CLI,
  COMPOSE,
  TESTCONTAINERS,
  BUILDX,
  CI_BUILD_AND_PUSH,
  AGENT,
  MONITORING,
  PROMETHEUS,
  PROMETHEUS_SWARM,
  TRAEFIK,
  TRAEFIK_SWARM,
]
