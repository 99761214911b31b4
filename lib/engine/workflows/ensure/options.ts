import type { ImagePullOptions } from '../../images/options.ts'
import type { RequestOptions } from '../../request-options.ts'

/** Options of {@link Containers.ensureRemoved}. */
export interface ContainerEnsureRemovedOptions extends RequestOptions {
  /** Remove its anonymous volumes, too. @defaultValue `false` */
  readonly v?: boolean
}

/** Options of {@link Images.ensure}. */
export interface ImageEnsureOptions extends Omit<ImagePullOptions, 'allTags'> {}
