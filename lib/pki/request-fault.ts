import { ours, sentence, type Sentence } from '../base/sentence.ts'
import { PkiError } from '../base/errors.ts'

/** A fault of a request, before the file name is known. */
export class RequestFault extends Error {
  readonly code: 'ERR_REQUEST_INVALID' | 'ERR_REQUEST_REFUSED'
  readonly todo: Sentence

  constructor(code: RequestFault['code'], got: string, todo: Sentence, cause?: unknown) {
    super(got, { cause })
    this.code = code
    this.todo = todo
  }
}

const AGAIN = sentence`Nothing was signed. Create the request again on the client's machine:  ${ours('client', 'request', 'NAME')}`

/** It isn't a request, or it was changed. */
export function invalid(got: string, cause?: unknown, todo: Sentence = AGAIN): RequestFault {
  return new RequestFault('ERR_REQUEST_INVALID', got, todo, cause)
}

/** It is a valid request for something that clients can't have. */
export function refused(got: string, todo: Sentence = AGAIN): RequestFault {
  return new RequestFault('ERR_REQUEST_REFUSED', got, todo)
}

/** Turns a fault into an error that names the request. */
export function naming<Result>(file: string, read: () => Result): Result {
  try {
    return read()
  } catch (fault) {
    if (!(fault instanceof RequestFault) && !(fault instanceof RangeError)) throw fault
    // Our reader of DER throws a RangeError.
    const { code, message: got, todo, cause } = fault instanceof RequestFault ? fault : invalid('it is not DER', fault)
    throw new PkiError(code, { tried: `reading ${file}`, got, todo, cause })
  }
}
