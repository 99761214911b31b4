/**
 * A promise whose work begins when somebody awaits it. It extends Promise so that `no-floating-promises`, the rule of linters,
 * reports a call that nobody awaits: that rule ignores other objects with `then()`.
 */
export abstract class LazyPromise<Result> extends Promise<Result> {
  /** The promises of `then()`, `catch()` and `finally()` are plain ones. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise
  }

  /** @internal */
  constructor() {
    // It never settles by itself: JavaScript awaits a subclass of Promise by its then(), and catch() and finally() call that, too.
    super(() => {})
  }

  /**
   * Begins the work, unless it has begun.
   *
   * @internal
   */
  protected abstract begin(): Promise<Result>

  // oxlint-disable-next-line unicorn/no-thenable -- it is meant to be awaited
  override then<Fulfilled = Result, Rejected = never>(
    onFulfilled?: ((result: Result) => Fulfilled | PromiseLike<Fulfilled>) | null,
    onRejected?: ((reason: unknown) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<Fulfilled | Rejected> {
    return this.begin().then(onFulfilled, onRejected)
  }
}
