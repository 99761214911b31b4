import type { Readable } from 'node:stream'
import type { RequestBody } from '../../transport/body.ts'
import type { AnswerHeaders } from '../../transport/collector.ts'
import { unreadable, type Named } from '../api-error.ts'
import { ARCHIVE_GET, ARCHIVE_PUT, ARCHIVE_STAT } from './operations.ts'
import type { ArchivePutOptions } from './options.ts'
import type { RequestOptions, Send } from '../send.ts'
import { archiveStream } from '../stream/archive.ts'
import type { ContainerPathStat } from './types/create.ts'

/** A path of a container as a tar, and its attributes. */
export interface ContainerPathArchive {
  /** Size, mode and type of the path. */
  readonly stat: ContainerPathStat
  /**
   * Read it to its end, or destroy it. Until then the daemon locks the container. It fails with a {@link StreamError} if
   * the daemon can't finish it.
   */
  readonly tar: Readable
}

/**
 * Files of containers as tars: `docker.containers.archive`. {@link Containers.copyTo} and {@link Containers.copyFrom}
 * pack and unpack them.
 *
 * @example
 * ```ts
 * const { tar } = await docker.containers.archive.get('web', '/etc/nginx')
 * await docker.containers.archive.put('copy', '/etc', tar)
 * ```
 */
export class ContainerArchive {
  readonly #send: Send

  /** @internal */
  constructor(send: Send) {
    this.#send = send
  }

  /**
   * Attributes of a path (`HEAD /containers/{id}/archive`). If the path itself is a symbolic link, it isn't followed.
   *
   * @throws {@link NotFoundError} if the container or the path doesn't exist
   */
  async stat(id: string, path: string, options: RequestOptions = {}): Promise<ContainerPathStat> {
    const call = { ids: [id], names: { path }, options }
    const { headers } = await this.#send.whole(ARCHIVE_STAT, call)
    return readStat(headers, this.#send.named(ARCHIVE_STAT, call))
  }

  /**
   * A file or folder as a tar (`GET /containers/{id}/archive`), in which the names begin with the last part of the
   * path.
   *
   * @throws {@link NotFoundError} if the container or the path doesn't exist
   */
  async get(id: string, path: string, options: RequestOptions = {}): Promise<ContainerPathArchive> {
    const call = { ids: [id], names: { path }, options }
    const { headers, body } = await this.#send.stream(ARCHIVE_GET, call)
    const request = this.#send.named(ARCHIVE_GET, call)
    try {
      return { stat: readStat(headers, request), tar: archiveStream(body, request) }
    } catch (error) {
      body.destroy()
      throw error
    }
  }

  /**
   * Unpacks a tar into a folder (`PUT /containers/{id}/archive`). It may be compressed with gzip, bzip2 or xz.
   *
   * @param path - an existing folder in the container
   * @param tar - bytes, or a stream
   * @throws {@link NotFoundError} if the container or the path doesn't exist
   * @throws {@link DockerApiError} if the path isn't a folder, or is read-only: 400, or 500 from some daemons
   */
  put(id: string, path: string, tar: RequestBody, options: ArchivePutOptions = {}): Promise<void> {
    return this.#send.none(ARCHIVE_PUT, { ids: [id], names: { path }, body: tar, options })
  }
}

/** Base64 of JSON in a header, since an answer to HEAD has no body. */
function readStat(headers: AnswerHeaders, request: Named): ContainerPathStat {
  const field = String(headers['x-docker-container-path-stat'] ?? '')
  try {
    return JSON.parse(Buffer.from(field, 'base64').toString('utf8')) as ContainerPathStat
  } catch (cause) {
    throw unreadable(
      'ERR_API_RESPONSE_INVALID',
      request,
      'its header X-Docker-Container-Path-Stat is missing or invalid',
      cause,
    )
  }
}
