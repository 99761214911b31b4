import type { OperationName } from '../../../lib/policy/levels/operations.ts'
import { testedEngine } from '../harness/engine.ts'

/** A line for sh, in which IMAGE, PULLED, OPEN and REGISTRY stand for names. */
export type Line = string

/** A tool, and its ordinary work. */
export interface Work {
  readonly needs: readonly string[]
  /** Each must end with 0. */
  readonly lines: readonly Line[]
  /** How each step of the program ended, which also tries a privileged container. */
  readonly says?: object
  /** Operations of the preset that the work doesn't use, and why the preset has them. */
  readonly unused?: Partial<Record<OperationName, string>>
  /** Lines that the gateway must refuse, and what their output says. */
  readonly refused: readonly (readonly [line: Line, says: RegExp])[]
}

const BUILDX = '/usr/libexec/docker/cli-plugins/docker-buildx'
/** Runs a command in a terminal of 80 columns. */
const inTerminal = (command: string): Line => `script -qec "stty rows 24 cols 80; ${command}" /dev/null`
const only = (operation: OperationName): RegExp =>
  new RegExp(`${operation.replace('.', String.raw`\.`)}: the rule allows only others \\(OPERATION_REFUSED\\)`)

const PING = { 'system.ping': "Docker's clients ask it if HEAD fails" } as const
/** With images in containerd, BuildKit itself pushes what it has built. */
const ASKED_AFTER_PUSH = testedEngine().isContainerd
  ? {
      'distribution.inspect': 'buildx asks for the digest that dockerd has pushed',
      'images.inspect': 'buildx asks dockerd to push',
    }
  : {}
const BUILD = 'docker build --build-arg BASE=IMAGE'

/** What the real tools do, by the name of their preset. */
export const WORKS: Readonly<Record<string, Work>> = {
  'docker-cli': {
    needs: ['docker', BUILDX, 'script'],
    unused: PING,
    lines: [
      'docker version && docker info',
      'echo hush | docker login --username ci --password-stdin REGISTRY',
      'docker network create net && docker network ls && docker network inspect net',
      'docker volume create vol && docker volume ls && docker volume inspect vol',
      "docker run --detach --name web --network net --volume vol:/data IMAGE sh -c 'echo up; sleep 300'",
      'docker run --rm PULLED sleep 0.3',
      inTerminal('docker run -it --rm IMAGE sleep 0.3'),
      'docker ps && docker inspect web && docker logs web && docker top web && docker stats --no-stream web && docker diff web',
      'docker exec web true',
      inTerminal('docker exec -it web sleep 0.3'),
      'docker cp Dockerfile web:/ && docker cp web:/Dockerfile - >copied',
      'docker pause web && docker unpause web && docker update --memory 300m --memory-swap 300m web',
      'docker network connect bridge web && docker network disconnect bridge web',
      'docker rename web other && docker restart -t 0 other && docker stop -t 0 other && docker start other && docker kill other',
      'docker wait other && docker export -o exported.tar other && docker commit other cli:a && docker rm other',
      'docker images && docker image inspect cli:a && docker history cli:a && docker tag cli:a REGISTRY/cli:b',
      'docker push REGISTRY/cli:b && docker save -o saved.tar cli:a && docker rmi cli:a && docker load -i saved.tar',
      `docker import exported.tar cli:c && ${BUILD} -t cli:d .`,
      'docker system df && docker events --since 1 --until 2',
      'docker network rm net && docker volume rm vol',
      // Nothing has this label.
      'for kind in container image network volume; do docker $kind prune -f --filter label=none; done',
      'docker builder prune -f --filter until=24h',
    ],
    refused: [
      ['docker service ls', only('services.list')],
      ['docker plugin ls', only('plugins.list')],
      ['docker run --rm --privileged IMAGE true', /HostConfig\.Privileged: it is true \(PRIVILEGED\)/],
      ['docker run --rm -v /:/host IMAGE true', /it binds \/ of the host \(HOST_PATH\)/],
    ],
  },
  compose: {
    needs: ['docker-compose', BUILDX, 'script'],
    unused: PING,
    lines: [
      'docker-compose up --build --detach --wait db web',
      'docker-compose ps --all && docker-compose logs db && docker-compose top && docker-compose images',
      'docker-compose exec -T web true',
      inTerminal('docker-compose exec web sleep 0.3'),
      inTerminal('docker-compose run --rm web sleep 0.3'),
      'docker-compose cp compose.yaml db:/ && docker-compose cp db:/compose.yaml copied',
      'docker-compose restart -t 0 web && docker-compose stop -t 0 web && docker-compose start web && docker-compose kill web',
      'docker-compose up once',
      'docker-compose down --volumes -t 0 --rmi local',
    ],
    refused: [
      ['docker-compose up --detach --no-deps privileged', /HostConfig\.Privileged: it is true \(PRIVILEGED\)/],
      ['docker-compose up --detach web && docker-compose pause web', only('containers.pause')],
      ['docker commit web made:here', only('images.commit')],
    ],
  },
  testcontainers: {
    needs: ['peer testcontainers'],
    unused: { ...PING, 'system.pingHead': "Docker's own clients ask it first; this one doesn't" },
    lines: ['node TESTCONTAINERS PULLED "$PWD" OPEN'],
    says: {
      http: 'hello\n',
      exec: 'said copied\n',
      logs: 'serving\n',
      archive: true,
      build: 'ran',
      'pull without a login': 'ran',
      privileged: 'refused 403',
    },
    refused: [
      ['docker images', only('images.list')],
      [
        'docker run --rm -v /var/run/docker.sock:/s IMAGE true',
        /binds \/var\/run\/docker\.sock of the host \(HOST_PATH\)/,
      ],
    ],
  },
  buildx: {
    needs: ['docker', BUILDX],
    unused: PING,
    lines: [
      `docker buildx build --build-arg BASE=IMAGE -t buildx:a . && ${BUILD} --output type=tar,dest=built.tar .`,
      'docker buildx inspect',
    ],
    refused: [
      ['docker run --rm IMAGE true', only('containers.create')],
      ['docker buildx build --build-arg BASE=IMAGE --push -t REGISTRY/buildx:a .', /images\.push/],
      [`${BUILD} --allow security.insecure .`, /PRIVILEGED/],
    ],
  },
  'ci-build-and-push': {
    needs: ['docker', BUILDX, 'docker-registry', 'htpasswd'],
    unused: { ...PING, ...ASKED_AFTER_PUSH },
    lines: [
      'echo hush | docker login --username ci --password-stdin REGISTRY',
      `${BUILD} -t ci:a . && docker tag ci:a REGISTRY/ci:a && docker push REGISTRY/ci:a`,
      'docker buildx build --build-arg BASE=REGISTRY/ci:a --push -t REGISTRY/ci:b .',
    ],
    refused: [
      ['docker run --rm IMAGE true', only('containers.create')],
      ['docker rmi ci:a', only('images.remove')],
      [`${BUILD} --network host .`, /HOST_NAMESPACE/],
    ],
  },
  monitoring: {
    needs: ['docker'],
    unused: PING,
    lines: [
      'docker ps --all && docker stats --no-stream',
      'docker info && docker version && docker system df && docker events --since 1 --until 2',
    ],
    refused: [
      ['docker inspect --type container lasting', only('containers.inspect')],
      ['docker logs lasting', only('containers.inspect')],
      ['docker stop lasting', only('containers.stop')],
    ],
  },
}

/** Requests, in the words of Docker's client for Go: those of programs that can't be here. */
export interface Requests {
  /** `GET /containers/json`; ID stands for a container, NODE for a node. */
  readonly lines: readonly string[]
  readonly unused?: Partial<Record<OperationName, string>>
  readonly refused: readonly string[]
}

const filters = (value: object): string => `?filters=${encodeURIComponent(JSON.stringify(value))}`

/** What the programs ask for: Prometheus 2.53, by the log of a gateway (2026-11-28), and Traefik 3, by its sources. */
export const REQUESTS: Readonly<Record<string, Requests>> = {
  prometheus: {
    unused: PING,
    lines: ['HEAD /_ping', 'GET /v1.45/containers/json', 'GET /v1.45/networks'],
    refused: ['GET /v1.45/containers/ID/json', 'GET /v1.45/containers/ID/logs?stdout=1', 'GET /v1.45/services'],
  },
  'prometheus-swarm': {
    unused: PING,
    lines: ['HEAD /_ping', 'GET /v1.45/tasks', 'GET /v1.45/services', 'GET /v1.45/nodes', 'GET /v1.45/networks'],
    refused: ['GET /v1.45/containers/json', 'GET /v1.45/swarm', 'GET /v1.45/secrets'],
  },
  traefik: {
    unused: PING,
    lines: [
      'HEAD /_ping',
      // Until 3.6 with the oldest version, then with the newest one of both.
      ...['v1.24', 'v1.45'].flatMap((version) => [
        `GET /${version}/version`,
        `GET /${version}/containers/json?all=1`,
        `GET /${version}/containers/ID/json`,
        `GET /${version}/events${filters({ type: { container: true } })}`,
      ]),
    ],
    refused: ['GET /v1.24/containers/ID/logs?stdout=1', 'POST /v1.24/containers/ID/stop', 'GET /v1.24/services'],
  },
  'traefik-swarm': {
    unused: PING,
    lines: [
      'HEAD /_ping',
      ...['v1.24', 'v1.45'].flatMap((version) => [
        `GET /${version}/version`,
        `GET /${version}/services`,
        `GET /${version}/networks${filters({ scope: { swarm: true } })}`,
        `GET /${version}/tasks${filters({ 'desired-state': { running: true }, service: { lasting: true } })}`,
        `GET /${version}/nodes/NODE`,
      ]),
    ],
    refused: ['GET /v1.45/containers/json', 'GET /v1.45/nodes', 'GET /v1.45/swarm'],
  },
}
