import type { Readable } from 'node:stream'
import type { Bytes } from '../../transport/body.ts'
import { build } from '../workflows/build/build.ts'
import type { BuildEvent } from '../workflows/build/events.ts'
import type { BuildSource, ImageBuildOptions, ImageBuildResult } from '../workflows/build/options.ts'
import { buildPrune } from './build-prune.ts'
import { pull } from './pull.ts'
import { push } from './push.ts'
import { save } from './save.ts'
import { create, importImage, load } from './transfer.ts'
import * as OPERATION from './operations.ts'
import type * as Options from './options.ts'
import type { Send, RequestOptions } from '../send.ts'
import type { Progress } from '../stream/progress.ts'
import type { BuildPruneResponse } from './types/build-cache.ts'
import type { ContainerConfig } from '../containers/types/config.ts'
import type { AttestationStatement } from './types/manifests.ts'
import type {
  ImportMessage,
  ImportResult,
  LoadMessage,
  LoadResult,
  PullMessage,
  PullResult,
  PushMessage,
  PushResult,
} from './types/progress.ts'
import type * as Types from './types/images.ts'
import type { ProgressMessage } from '../types/progress.ts'

/**
 * Images: `docker.images`. Build, pull, push, import and load are events while they go on, and a promise of what came of them.
 *
 * @example
 * ```ts
 * await docker.images.pull('alpine:3.20')
 * for await (const { id, status, progressDetail } of docker.images.pull('postgres:17')) {
 *   console.log(id, status, progressDetail?.current, progressDetail?.total)
 * }
 * await docker.images.tag('alpine:3.20', 'ghcr.io/me/alpine:3.20')
 * const { digest } = await docker.images.push('ghcr.io/me/alpine:3.20', { auth: loadRegistryCredentials() })
 * ```
 */
export class Images {
  readonly #send: Send

  /** @internal */
  constructor(send: Send) {
    this.#send = send
  }

  /** Lists images (`GET /images/json`). */
  list(options: Options.ImageListOptions = {}): Promise<readonly Types.ImageSummary[]> {
    return this.#send.json(OPERATION.LIST, { options })
  }

  /**
   * Pulls or imports, with the words of the API itself (`POST /images/create`); {@link Images.pull} and
   * {@link Images.import} say more of what comes of it.
   *
   * @param options - mind `fromImage`: without a tag or digest **all** tags of it are pulled
   * @param source - a tar, for `fromSrc: '-'`
   * @throws {@link StreamError} for a failure after the first words of the answer
   */
  create(options: Options.ImageCreateOptions, source?: Bytes): Progress<ProgressMessage, void> {
    return create(this.#send, options, source)
  }

  /**
   * Pulls an image from a registry (`POST /images/create`).
   *
   * @param image - `alpine`, `ghcr.io/me/app:1.2`, `127.0.0.1:5000/app@sha256:...`; without tag and digest `latest` is meant
   * @returns what the daemon says meanwhile, and in the end what was pulled
   * @throws {@link NotFoundError}, {@link ServerError} or {@link StreamError} where the registry has no such image, doesn't
   *   show it to whoever asks, or can't be reached
   * @throws {@link RegistryError} ERR_REFERENCE_INVALID for what is no image's name
   */
  pull(image: string, options: Options.ImagePullOptions = {}): Progress<PullMessage, PullResult> {
    return pull(this.#send, image, options)
  }

  /**
   * Makes an image out of a tar of its root folder, packed or not (`POST /images/create`).
   *
   * @param source - the tar, or the URL that the daemon shall fetch it from
   * @throws {@link StreamError} or {@link ServerError} where that is no tar, or can't be fetched
   * @throws {@link BadRequestError} where the name can't be one
   */
  import(source: string | Bytes, options: Options.ImageImportOptions = {}): Progress<ImportMessage, ImportResult> {
    return importImage(this.#send, source, options)
  }

  /**
   * Looks at an image (`GET /images/{name}/json`).
   *
   * @param name - a name, with or without tag or digest, or an id, whole or its beginning
   * @throws {@link NotFoundError} where there is none of that name here
   */
  inspect(name: string, options: Options.ImageInspectOptions = {}): Promise<Types.ImageInspect> {
    return this.#send.json(OPERATION.INSPECT, { ids: [name], options })
  }

  /**
   * Tells the statements that are attached to an image (`GET /images/{name}/attestations`). Since API 1.55.
   *
   * @throws {@link NotFoundError} where there is no such image, or none for that platform
   * @throws {@link DockerApiError} of status 501 where the daemon doesn't keep images in containerd
   */
  attestations(name: string, options: Options.ImageAttestationsOptions = {}): Promise<readonly AttestationStatement[]> {
    return this.#send.json(OPERATION.ATTESTATIONS, { ids: [name], options })
  }

  /**
   * Tells the steps that an image was made in, the last one first (`GET /images/{name}/history`).
   *
   * @throws {@link NotFoundError} where there is none of that name here
   */
  history(name: string, options: Options.ImageHistoryOptions = {}): Promise<readonly Types.ImageHistoryItem[]> {
    return this.#send.json(OPERATION.HISTORY, { ids: [name], options })
  }

  /**
   * Pushes an image to the registry that its name says (`POST /images/{name}/push`).
   *
   * @param image - `ghcr.io/me/app:1.2`; without tag `latest` is meant. It has to have that name here: see {@link Images.tag}
   * @returns what the daemon says meanwhile, and in the end what the registry has now
   * @throws {@link StreamError} where there is no such image here, or the registry doesn't take it
   * @throws {@link RegistryError} ERR_REFERENCE_INVALID for what is no image's name, or has a digest
   */
  push(image: string, options: Options.ImagePushOptions = {}): Progress<PushMessage, PushResult> {
    return push(this.#send, image, options)
  }

  /**
   * Gives an image one more name (`POST /images/{name}/tag`). An image that has this name loses it.
   *
   * @param name - a name that it has, or its id
   * @param repo - the new one, such as `ghcr.io/me/app:1.2`
   * @throws {@link NotFoundError} where there is no such image here
   * @throws {@link BadRequestError} where that can't be a name
   */
  tag(name: string, repo: string, options: Options.ImageTagOptions = {}): Promise<void> {
    return this.#send.none(OPERATION.TAG, { ids: [name], names: { repo }, options })
  }

  /**
   * Takes a name from an image, and removes the image with its last one (`DELETE /images/{name}`).
   *
   * @throws {@link NotFoundError} where there is none of that name here
   * @throws {@link ConflictError} while a container uses it
   */
  remove(name: string, options: Options.ImageRemoveOptions = {}): Promise<readonly Types.ImageDeleteItem[]> {
    return this.#send.json(OPERATION.REMOVE, { ids: [name], options })
  }

  /** Searches Docker Hub (`GET /images/search`). */
  search(term: string, options: Options.ImageSearchOptions = {}): Promise<readonly Types.ImageSearchItem[]> {
    return this.#send.json(OPERATION.SEARCH, { names: { term }, options })
  }

  /** Removes images that no container uses: those without a name, unless told otherwise (`POST /images/prune`). */
  prune(options: Options.ImagePruneOptions = {}): Promise<Types.ImagePruneResponse> {
    return this.#send.json(OPERATION.PRUNE, { options })
  }

  /**
   * Makes an image of what a container has changed (`POST /commit`).
   *
   * @param container - its id or name
   * @param config - what differs from the container's own configuration
   * @throws {@link NotFoundError} where there is no such container
   */
  commit(
    container: string,
    config?: ContainerConfig,
    options: Options.ImageCommitOptions = {},
  ): Promise<Types.ImageCommitResponse> {
    return this.#send.json(OPERATION.COMMIT, { names: { container }, body: config, options })
  }

  /**
   * Hands out images as a tar, for {@link Images.load} (`GET /images/{name}/get`, `GET /images/get`). The daemon waits for
   * whoever reads slowly; destroying the stream ends the request.
   *
   * @param images - names or ids
   * @throws {@link NotFoundError} or {@link ServerError} where there is none of that name here
   * @example
   * ```ts
   * import { createReadStream, createWriteStream } from 'node:fs'
   * import { pipeline } from 'node:stream/promises'
   *
   * await pipeline(await docker.images.save(['app:1', 'app:2']), createWriteStream('apps.tar'))
   * await docker.images.load(createReadStream('apps.tar'))
   * ```
   */
  save(images: string | readonly string[], options: Options.ImageSaveOptions = {}): Promise<Readable> {
    return save(this.#send, images, options)
  }

  /**
   * Takes images out of a tar that {@link Images.save} or `docker save` wrote, packed or not (`POST /images/load`).
   *
   * @returns what the daemon says meanwhile, and in the end what was loaded
   * @throws {@link StreamError} where it is no such tar
   */
  load(tar: Bytes, options: Options.ImageLoadOptions = {}): Progress<LoadMessage, LoadResult> {
    return load(this.#send, tar, options)
  }

  /**
   * Builds an image, by BuildKit or by the classic builder (`POST /build`).
   *
   * BuildKit reads a folder through a session (`POST /session`): it gets what it lacks of it, without what the
   * `.dockerignore` names; the Dockerfile; the secrets of this build; and credentials, where they were given. The classic
   * builder gets all of it as a tar. Symbolic links are sent as they are, hard links as files of their own, extended
   * attributes not at all. A tar and an address go as they are.
   *
   * @param source - a folder's path, a tar, or `{ remote }` for what the daemon fetches itself
   * @returns what the builder says meanwhile, and in the end the image's id
   * @throws {@link BuildFailedError} for a step that failed: with its name, its output's end and its exit code
   * @throws {@link BuildError} for a context, Dockerfile or secret that can't be sent
   * @throws {@link ArgumentError} for options that are none, or that this builder would pass over in silence
   * @example
   * ```ts
   * const { ID } = await docker.images.build('app', { t: 'app:1', secrets: { npmrc: { file: '.npmrc' } } })
   * for await (const event of docker.images.build('app')) if (event.type === 'log') console.log(event.text)
   * ```
   */
  build(source: BuildSource, options: ImageBuildOptions = {}): Progress<BuildEvent, ImageBuildResult> {
    return build(this.#send, source, options)
  }

  /** Removes what builders keep for the next build (`POST /build/prune`): what is in no use, unless told otherwise. */
  buildPrune(options: Options.BuildPruneOptions = {}): Promise<BuildPruneResponse> {
    return buildPrune(this.#send, options)
  }

  /**
   * Ends a build of BuildKit (`POST /build/cancel`).
   *
   * @param id - what the build was given as `buildid`
   */
  cancelBuild(id: string, options: RequestOptions = {}): Promise<void> {
    return this.#send.none(OPERATION.BUILD_CANCEL, { names: { id }, options })
  }
}
