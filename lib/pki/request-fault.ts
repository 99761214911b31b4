import { PkiError } from '../base/errors.ts'

/** What is wrong with a request, before it is known what it is called. */
export class RequestFault extends Error {
  readonly code: 'ERR_REQUEST_INVALID' | 'ERR_REQUEST_REFUSED'
  readonly todo: string

  constructor(code: RequestFault['code'], got: string, todo: string, cause?: unknown) {
    super(got, { cause })
    this.code = code
    this.todo = todo
  }
}

const AGAIN = "Nothing was signed. Have it made again on the client's machine:  docker-mtls client request NAME"

/** It is no request, or not the one that was made. */
export function invalid(got: string, cause?: unknown, todo: string = AGAIN): RequestFault {
  return new RequestFault('ERR_REQUEST_INVALID', got, todo, cause)
}

/** It is one, and it asks for what it doesn't get. */
export function refused(got: string, todo: string = AGAIN): RequestFault {
  return new RequestFault('ERR_REQUEST_REFUSED', got, todo)
}

/** Runs it; a fault becomes an error that names the request. */
export function naming<Result>(file: string, read: () => Result): Result {
  try {
    return read()
  } catch (fault) {
    if (!(fault instanceof RequestFault)) throw fault
    const { code, message: got, todo, cause } = fault
    throw new PkiError(code, { tried: `reading ${file}`, got, todo, cause })
  }
}
