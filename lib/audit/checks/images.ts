import { compareVersions } from '../../base/api-version.ts'
import { daemonCheck, type Check, type Subject } from '../check.ts'
import type { HistoryFacts } from '../snapshot/image-schema.ts'
import type { RunningImage } from '../snapshot/snapshot.ts'
import { fail, pass, reported, unknown, warn, type Verdict } from '../verdict.ts'
import { eachCheck } from './each.ts'

const BUILD_DOCS = 'https://docs.docker.com/build/building/best-practices/'
/** More are forgotten ones. */
const LEFT_OVERS = 25

const sprawl = daemonCheck({
  id: 'O-SPRAWL',
  title: 'Few stopped containers and unnamed images are left over',
  family: 'image',
  severity: 'low',
  cis: { '1.6': ['6.1', '6.2'], '1.8': ['6.1', '6.2'] },
  why: 'Leftover images and containers are never updated, and may hold secrets that an attacker finds. They also make it harder to see what the host is for.',
  remedy:
    'docker container prune; docker image prune. A removed container also loses the files that it wrote outside of volumes.',
  references: ['https://docs.docker.com/engine/manage-resources/pruning/'],
  needs: ['containers', 'images'],
  test: ({ containers, images }) => {
    const stopped = containers.filter(({ inspect, name }) => {
      const state = 'unknown' in inspect ? undefined : inspect.value.State?.Running
      return !reported(state, `whether the container ${name} is running`)
    }).length
    const unnamed = images.filter(({ RepoTags }) =>
      reported(RepoTags, 'RepoTags of an image').every((name) => name === '<none>:<none>'),
    ).length
    const detail = `${stopped} stopped containers, ${unnamed} unnamed images`
    return stopped > LEFT_OVERS || unnamed > LEFT_OVERS ? warn(detail) : pass(detail)
  },
})

/** The common part of checks of images that running containers use. */
const RUNNING = {
  family: 'image',
  of: 'runningImages',
  none: 'no container is running',
  subject: ({ id, name }: RunningImage): Subject => ({ kind: 'image', id, name }),
} as const

function withHistory({ history }: RunningImage, test: (facts: HistoryFacts) => Verdict): Verdict {
  return 'unknown' in history ? unknown(history.unknown) : test(history.value)
}

const secrets = eachCheck({
  ...RUNNING,
  id: 'I-HISTORY',
  title: 'The build steps of the image contain no secrets',
  severity: 'high',
  cis: { '1.6': ['4.10'], '1.8': ['4.10'] },
  why: 'Anyone who can pull the image, and every client of the daemon, can read the variables, build arguments and commands of its build with docker history --no-trunc.',
  remedy:
    'Replace the secret, because others may have read it. Pass the new one to the build with RUN --mount=type=secret and docker build --secret.',
  references: ['https://docs.docker.com/build/building/secrets/'],
  test: (image) =>
    withHistory(image, (facts) => {
      const found = reported(facts.secrets, 'history')
      return found.length > 0 ? fail(found.join(', ')) : pass()
    }),
})

const downloads = eachCheck({
  ...RUNNING,
  id: 'I-ADD',
  title: 'The build of the image verified its downloads',
  severity: 'low',
  cis: { '1.6': ['4.9'], '1.8': ['4.9'] },
  why: 'ADD with an address takes whatever the server sends. An attacker who controls the server or the connection can put their own files into the image.',
  remedy: 'Give ADD the checksum of the file: ADD --checksum=sha256:DIGEST https://...; use COPY for local files.',
  references: ['https://docs.docker.com/reference/dockerfile/#add'],
  test: (image) =>
    withHistory(image, (facts) => {
      const count = reported(facts.downloads, 'history')
      return count > 0 ? warn(`${count} ADD instructions download without a checksum`) : pass()
    }),
})

const updates = eachCheck({
  ...RUNNING,
  id: 'I-UPDATE',
  title: 'The image updates package lists and installs packages in the same build step',
  severity: 'low',
  cis: { '1.6': ['4.7'], '1.8': ['4.7'] },
  why: 'A step that only updates package lists stays in the build cache. Later builds then install old packages, with vulnerabilities that attackers know.',
  remedy: 'Combine both in one instruction: RUN apt-get update && apt-get install -y PACKAGE',
  references: [`${BUILD_DOCS}#apt-get`],
  test: (image) =>
    withHistory(image, (facts) => {
      const count = reported(facts.updatesAlone, 'history')
      return count > 0 ? warn(`${count} steps only update package lists`) : pass()
    }),
})

const identity = eachCheck({
  ...RUNNING,
  id: 'I-IDENTITY',
  title: 'The daemon has verified a signature of the image',
  severity: 'low',
  cis: { '1.6': ['4.5'], '1.8': ['4.5'] },
  why: 'Without a signature, you do not know who built the image. An attacker with a stolen registry account can replace it.',
  remedy:
    'Use images with a signature, such as Docker Hardened Images, and name them by digest: docker pull NAME@sha256:DIGEST',
  references: ['https://docs.docker.com/dhi/'],
  test: ({ inspect }, { apiVersion }) => {
    if ('unknown' in inspect) return unknown(inspect.unknown)
    if (compareVersions(apiVersion, '1.53') < 0)
      return unknown(`the daemon reports signatures from API 1.53 on, and the request used ${apiVersion}`)
    const { Signature = [] } = reported(inspect.value.Identity, 'Identity')
    const errors = Signature.flatMap(({ Error: error }) => error ?? [])
    if (Signature.length > errors.length) return pass()
    return errors.length > 0 ? fail(errors.join(', ')) : warn('no signature')
  },
})

/** Images of running containers, and left-over ones. */
export const IMAGES: readonly Check[] = [sprawl, secrets, downloads, updates, identity]
