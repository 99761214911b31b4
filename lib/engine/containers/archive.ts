import type { Readable } from 'node:stream'
import type { RequestBody } from '../../transport/body.ts'
import type { AnswerHeaders } from '../../transport/collector.ts'
import { unreadable, type Named } from '../api-error.ts'
import { ARCHIVE_GET, ARCHIVE_PUT, ARCHIVE_STAT } from './operations.ts'
import type { ArchivePutOptions } from './options.ts'
import type { RequestOptions, Send } from '../send.ts'
import type { ContainerPathStat } from './types/create.ts'

/** A path of a container as a tar, and what it is. */
export interface ContainerPathArchive {
  /** Size, mode and type of the path. */
  readonly stat: ContainerPathStat
  /** Read it to its end, or destroy it. The daemon holds the container meanwhile. */
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
   * What a path is (`HEAD /containers/{id}/archive`); the last part of it isn't followed where it is a symbolic link.
   *
   * @throws {@link NotFoundError} where there is no such container or path
   */
  async stat(id: string, path: string, options: RequestOptions = {}): Promise<ContainerPathStat> {
    const call = { ids: [id], names: { path }, options }
    const { headers } = await this.#send.whole(ARCHIVE_STAT, call)
    return readStat(headers, this.#send.named(ARCHIVE_STAT, call))
  }

  /**
   * A file or folder as a tar (`GET /containers/{id}/archive`), whose entries begin with the last part of the path.
   *
   * @throws {@link NotFoundError} where there is no such container or path
   */
  async get(id: string, path: string, options: RequestOptions = {}): Promise<ContainerPathArchive> {
    const call = { ids: [id], names: { path }, options }
    const { headers, body } = await this.#send.stream(ARCHIVE_GET, call)
    try {
      return { stat: readStat(headers, this.#send.named(ARCHIVE_GET, call)), tar: body }
    } catch (error) {
      body.destroy()
      throw error
    }
  }

  /**
   * Unpacks a tar into a folder (`PUT /containers/{id}/archive`), as it is or compressed by gzip, bzip2 or xz.
   *
   * @param path - a folder in the container, which has to be there
   * @param tar - bytes; a stream is sent as it comes
   * @throws {@link NotFoundError} where there is no such container or path
   * @throws {@link DockerApiError} where the path is no folder, or is read-only: 400, or 500 from some daemons
   */
  put(id: string, path: string, tar: RequestBody, options: ArchivePutOptions = {}): Promise<void> {
    return this.#send.none(ARCHIVE_PUT, { ids: [id], names: { path }, body: tar, options })
  }
}

/** JSON in base64, in the answer's head: a HEAD has no body. */
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
