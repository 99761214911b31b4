import { fieldsOf } from '../../engine/body-fields/find.ts'
import { BODIES } from '../../engine/body-fields/table.ts'
import type { Operation } from '../../engine/operation.ts'
import type { Json, PolicyRequest, ReadRequest } from '../request.ts'
import { decodeUtf8, parseGoJson } from './go-json.ts'
import { checkMediaType } from './headers.ts'
import { ignoresArchive, IGNORED_IF_EMPTY, MAY_LACK_BODY } from './ignored.ts'
import { Unreadable } from './unreadable.ts'

/** As the authorization plugins of dockerd. */
const MOST_BYTES = 4 * 1024 * 1024
const BODY = 'the body'

/** Bodies that the engine never sends: credentials in the place of a header (moby, api/server/router/image). */
const OPTIONAL_FORMS: Readonly<Record<string, string>> = { 'images.push': 'AuthConfig' }

/**
 * Reads the JSON body of an operation.
 *
 * @param around - names that dockerd ignores, such as those of the query parameters, which dockerode also writes into the body; and
 * the query itself
 * @returns undefined for none, and for an archive
 */
export function readBody(
  operation: Operation,
  { body, headers = {} }: PolicyRequest,
  { ignored, query }: { readonly ignored: ReadonlySet<string>; readonly query: ReadRequest['query'] },
): Json | undefined {
  if (body === undefined || body.length === 0) return missing(operation)
  checkMediaType(operation, headers, ignoresArchive(operation, query))
  if (operation.body === 'bytes') return undefined
  const form = formOf(operation)
  if (body === 'unseen')
    throw form === undefined ? unexpected() : new Unreadable('BODY_INVALID', BODY, "it can't be looked at")
  if (body.length > MOST_BYTES) throw new Unreadable('BODY_TOO_LARGE', BODY, `it has more than ${MOST_BYTES} bytes`)
  const text = decodeUtf8(body, BODY)
  if (isNull(text)) return missing(operation)
  if (form === undefined) return readNothing(text, ignored)
  return parseGoJson(text, { form, what: BODY, ignored, ignoredIfEmpty: IGNORED_IF_EMPTY[operation.name] ?? [] })
}

/** dockerode also writes the fields of a body into the query, where dockerd ignores them. */
export function bodyFieldNames(operation: Operation): Iterable<string> {
  const form = formOf(operation)
  return form === undefined || form.startsWith('[') ? [] : fieldsOf(form).keys()
}

const formOf = ({ name }: Operation): string | undefined => BODIES[name] ?? OPTIONAL_FORMS[name]

function missing({ name, body, bodyOptional }: Operation): undefined {
  if (body === 'json' && !bodyOptional && !MAY_LACK_BODY.has(name))
    throw new Unreadable('BODY_MISSING', BODY, 'the operation needs one')
}

/** Clients send an object although the operation has no body, and dockerd ignores it. */
function readNothing(text: string, ignored: ReadonlySet<string>): undefined {
  const value = parseGoJson(text, { form: '', what: BODY })
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  if (!isObject || Object.keys(value).some((key) => !ignored.has(key))) throw unexpected()
}

/** dockerd reads null as no body at all. */
const isNull = (text: string): boolean => /^[ \t\r\n]*null[ \t\r\n]*$/.test(text)

const unexpected = (): Unreadable => new Unreadable('BODY_UNEXPECTED', BODY, 'the operation has none')
