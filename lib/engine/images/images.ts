import type { Readable } from 'node:stream'
import type { Bytes } from '../../transport/body.ts'
import { build } from '../workflows/build/build.ts'
import type { BuildEvent } from '../workflows/build/events.ts'
import type { BuildSource, ImageBuildOptions, ImageBuildResult } from '../workflows/build/options.ts'
import { buildPrune } from './build-prune.ts'
import { refuseTwoTags, splitTag } from './names.ts'
import { pull } from './pull.ts'
import { push } from './push.ts'
import { save } from './save.ts'
import { search } from './search.ts'
import { create, importImage, load } from './transfer.ts'
import * as OPERATION from './operations.ts'
import type * as Options from './options.ts'
import type { Send, RequestOptions } from '../send.ts'
import { Progress } from '../stream/progress.ts'
import type { ImageEnsureOptions } from '../workflows/ensure/options.ts'
import type { Ensured, EnsuredObject } from '../workflows/ensure/result.ts'
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
 * Images: `docker.images`. Build, pull, push, import and load return a {@link Progress}: loop over its events, or await
 * it for the result.
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
   * Pulls or imports with the parameters of the API (`POST /images/create`). {@link Images.pull} and
   * {@link Images.import} return a result.
   *
   * @param options - `fromImage` without a tag or digest pulls **all** tags
   * @param source - a tar, for `fromSrc: '-'`
   * @throws {@link StreamError} for a failure after the answer has begun
   */
  create(options: Options.ImageCreateOptions, source?: Bytes): Progress<ProgressMessage, void> {
    return create(this.#send, options, source)
  }

  /**
   * Pulls an image from a registry (`POST /images/create`).
   *
   * @param image - `alpine`, `ghcr.io/me/app:1.2`, `127.0.0.1:5000/app@sha256:...`. Default tag: `latest`
   * @returns the progress, and the pulled image as result
   * @throws {@link NotFoundError}, {@link ServerError} or {@link StreamError} if the registry doesn't have the image,
   *   doesn't show it without a login, or can't be reached
   * @throws {@link RegistryError} ERR_REFERENCE_INVALID for an invalid image name
   */
  pull(image: string, options: Options.ImagePullOptions = {}): Progress<PullMessage, PullResult> {
    return pull(this.#send, image, options)
  }

  /**
   * Pulls an image, unless the daemon has it, for the requested platform if you name one. An image that the daemon has isn't
   * compared with the registry; {@link Images.pull} does that.
   *
   * @param image - as for {@link Images.pull}
   * @returns the progress of the pull, and as result the image's id, and whether it was pulled
   * @throws the errors of {@link Images.pull}
   * @example
   * ```ts
   * const { changed, id } = await docker.images.ensure('alpine:3.20')
   * ```
   */
  ensure(image: string, options: ImageEnsureOptions = {}): Progress<PullMessage, EnsuredObject> {
    const calls = { images: this, version: this.#send.version }
    return new Progress(async function* run(closed): AsyncGenerator<PullMessage, EnsuredObject, undefined> {
      const { ensureImage } = await import('../workflows/ensure/images.ts')
      return yield* ensureImage(calls, image, options, closed)
    })
  }

  /**
   * Removes a name of an image as {@link Images.remove} does, unless the daemon doesn't have it.
   *
   * @throws {@link ConflictError} if a container uses it
   */
  async ensureRemoved(name: string, options: Options.ImageRemoveOptions = {}): Promise<Ensured> {
    const { ensureImageRemoved } = await import('../workflows/ensure/images.ts')
    return ensureImageRemoved(this, name, options)
  }

  /**
   * Creates an image from a tar of its root folder, compressed or not (`POST /images/create`).
   *
   * @param source - the tar, or a URL from which the daemon fetches it
   * @throws {@link StreamError} or {@link ServerError} if it isn't a tar, or can't be fetched
   * @throws {@link BadRequestError} for an invalid name
   */
  import(source: string | Bytes, options: Options.ImageImportOptions = {}): Progress<ImportMessage, ImportResult> {
    return importImage(this.#send, source, options)
  }

  /**
   * Returns all details of an image (`GET /images/{name}/json`).
   *
   * @param name - a name with or without tag or digest, an id, or the beginning of an id
   * @throws {@link NotFoundError} if the daemon doesn't have the image
   */
  inspect(name: string, options: Options.ImageInspectOptions = {}): Promise<Types.ImageInspect> {
    return this.#send.json(OPERATION.INSPECT, { ids: [name], options })
  }

  /**
   * Lists the attestations of an image (`GET /images/{name}/attestations`). Since API 1.55.
   *
   * @throws {@link NotFoundError} if the daemon doesn't have the image, or not for that platform
   * @throws {@link DockerApiError} with status 501 if the daemon doesn't keep images in containerd
   */
  attestations(name: string, options: Options.ImageAttestationsOptions = {}): Promise<readonly AttestationStatement[]> {
    return this.#send.json(OPERATION.ATTESTATIONS, { ids: [name], options })
  }

  /**
   * Lists the build steps of an image, the last one first (`GET /images/{name}/history`).
   *
   * @throws {@link NotFoundError} if the daemon doesn't have the image
   */
  history(name: string, options: Options.ImageHistoryOptions = {}): Promise<readonly Types.ImageHistoryItem[]> {
    return this.#send.json(OPERATION.HISTORY, { ids: [name], options })
  }

  /**
   * Pushes an image to the registry in its name (`POST /images/{name}/push`).
   *
   * @param image - `ghcr.io/me/app:1.2`. Default tag: `latest`. {@link Images.tag} gives an image this name
   * @returns the progress, and the pushed tags as result
   * @throws {@link StreamError} if the daemon doesn't have the image, or the registry rejects it
   * @throws {@link RegistryError} ERR_REFERENCE_INVALID for an invalid image name, or one with a digest
   */
  push(image: string, options: Options.ImagePushOptions = {}): Progress<PushMessage, PushResult> {
    return push(this.#send, image, options)
  }

  /**
   * Gives an image another name (`POST /images/{name}/tag`). If another image has this name, it loses it.
   *
   * @param name - an existing name or id
   * @param repo - the new name, such as `ghcr.io/me/app:1.2`
   * @throws {@link NotFoundError} if the daemon doesn't have the image
   * @throws {@link BadRequestError} for an invalid name
   */
  async tag(name: string, repo: string, options: Options.ImageTagOptions = {}): Promise<void> {
    refuseTwoTags('images.tag()', repo, options)
    return this.#send.none(OPERATION.TAG, { ids: [name], names: splitTag(repo), options })
  }

  /**
   * Removes a name of an image, and the image itself with its last name (`DELETE /images/{name}`).
   *
   * @throws {@link NotFoundError} if the daemon doesn't have the image
   * @throws {@link ConflictError} if a container uses it
   */
  remove(name: string, options: Options.ImageRemoveOptions = {}): Promise<readonly Types.ImageDeleteItem[]> {
    return this.#send.json(OPERATION.REMOVE, { ids: [name], options })
  }

  /** Searches Docker Hub (`GET /images/search`). */
  search(term: string, options: Options.ImageSearchOptions = {}): Promise<readonly Types.ImageSearchItem[]> {
    return search(this.#send, term, options)
  }

  /** Removes unused images (`POST /images/prune`). Default: only those without a name. */
  prune(options: Options.ImagePruneOptions = {}): Promise<Types.ImagePruneResponse> {
    return this.#send.json(OPERATION.PRUNE, { options })
  }

  /**
   * Creates an image from a container and its changes (`POST /commit`).
   *
   * @param container - the container's id or name
   * @param config - settings that differ from those of the container
   * @throws {@link NotFoundError} if the container doesn't exist
   */
  async commit(
    container: string,
    config?: ContainerConfig,
    options: Options.ImageCommitOptions = {},
  ): Promise<Types.ImageCommitResponse> {
    refuseTwoTags('images.commit()', options?.repo, options)
    return this.#send.json(OPERATION.COMMIT, { names: { container }, body: config, options })
  }

  /**
   * Exports images as a tar for {@link Images.load} (`GET /images/{name}/get`, `GET /images/get`). The daemon waits for
   * slow readers. Destroying the stream cancels the request.
   *
   * @param images - names or ids
   * @throws {@link NotFoundError} or {@link ServerError} if the daemon doesn't have an image
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
   * Loads images from a tar of {@link Images.save} or `docker save`, compressed or not (`POST /images/load`).
   *
   * @returns the progress, and the loaded images as result
   * @throws {@link StreamError} if it isn't such a tar
   */
  load(tar: Bytes, options: Options.ImageLoadOptions = {}): Progress<LoadMessage, LoadResult> {
    return load(this.#send, tar, options)
  }

  /**
   * Builds an image with BuildKit or the classic builder (`POST /build`).
   *
   * BuildKit reads a folder through a session (`POST /session`). It requests only files that it doesn't have, and can
   * read the folder without the files in `.dockerignore`, the Dockerfile, the secrets of this build, and credentials if
   * you pass any. The classic builder gets the folder as a tar. Symbolic links are sent as links, hard links as
   * separate files, and extended attributes are omitted. A tar or a URL is passed on unchanged.
   *
   * @param source - the path of a folder, a tar, or `{ remote }` for a URL that the daemon fetches
   * @returns the progress, and the image's id as result
   * @throws {@link BuildFailedError} for a failed step, with its name, the end of its output and its exit code
   * @throws {@link BuildError} for a context, Dockerfile or secret that can't be sent
   * @throws {@link ArgumentError} for unknown options, and those that this builder would silently ignore
   * @example
   * ```ts
   * const { ID } = await docker.images.build('app', { t: 'app:1', secrets: { npmrc: { file: '.npmrc' } } })
   * for await (const event of docker.images.build('app')) if (event.type === 'log') console.log(event.text)
   * ```
   */
  build(source: BuildSource, options: ImageBuildOptions = {}): Progress<BuildEvent, ImageBuildResult> {
    return build(this.#send, source, options)
  }

  /** Removes the build cache (`POST /build/prune`). Default: only unused records. */
  buildPrune(options: Options.BuildPruneOptions = {}): Promise<BuildPruneResponse> {
    return buildPrune(this.#send, options)
  }

  /**
   * Cancels a build of BuildKit (`POST /build/cancel`).
   *
   * @param id - the `buildid` of the build
   */
  cancelBuild(id: string, options: RequestOptions = {}): Promise<void> {
    return this.#send.none(OPERATION.BUILD_CANCEL, { names: { id }, options })
  }
}
