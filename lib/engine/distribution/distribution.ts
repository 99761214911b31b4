import { parseOne } from '../images/names.ts'
import { authHeaders } from '../images/registry-auth.ts'
import { checkOptions } from '../call.ts'
import { INSPECT } from './operations.ts'
import type { DistributionInspectOptions, DistributionInspect } from './types.ts'
import { explainRefusal } from '../images/registry-refusal.ts'
import type { Send } from '../send.ts'
import { formatReference } from '../../registry/reference.ts'

/**
 * Images in registries: `docker.distribution`.
 *
 * @example
 * ```ts
 * const { Descriptor, Platforms } = await docker.distribution.inspect('ghcr.io/me/app:1.2')
 * console.log(Descriptor.digest, Platforms?.map(({ os, architecture }) => `${os}/${architecture}`))
 * ```
 */
export class Distribution {
  readonly #send: Send

  /** @internal */
  constructor(send: Send) {
    this.#send = send
  }

  /**
   * Returns a registry's information about an image without pulling it (`GET /distribution/{name}/json`).
   *
   * @param image - its name. Default tag: `latest`
   * @throws {@link NotFoundError}, {@link ForbiddenError} or {@link UnauthorizedError} if the registry doesn't have the
   *   image, or doesn't show it without a login
   * @throws {@link RegistryError} ERR_REFERENCE_INVALID
   */
  async inspect(image: string, options: DistributionInspectOptions = {}): Promise<DistributionInspect> {
    const { auth } = checkOptions(INSPECT, options)
    const reference = parseOne(image)
    const headers = await authHeaders(auth, reference)
    try {
      return await this.#send.json(INSPECT, { ids: [formatReference(reference)], options, headers })
    } catch (error) {
      throw explainRefusal(error, reference.domain)
    }
  }
}
