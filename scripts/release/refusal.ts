/** Why a version may not be published, and the one remedy. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly remedy: string

  constructor(message: string, remedy: string) {
    super(message)
    this.remedy = remedy
  }
}
