/**
 * An engine that the tests run on, as `npm test -- --engine=...` names it, or a release of which only the source was read.
 * `28.5 containerd` has its images in containerd's store.
 */
export type SeenOn = '26.1' | '28.5' | '28.5 containerd' | 'Podman 5.8' | '29.7 source'

/** A text by which we recognise what a daemon means. test/daemon/engine/wordings.test.ts makes real daemons say it. */
export interface Wording {
  /** Must be linear, since a message may be long. */
  readonly pattern: RegExp
  /** The engines that were seen to say it. */
  readonly seen: readonly SeenOn[]
}

/** Each Docker that the tests run on, and the newest source. */
export const DOCKER: readonly SeenOn[] = ['26.1', '28.5', '28.5 containerd', '29.7 source']
