import tls from 'node:tls'
import { readCertificate } from '../identity/certificate.ts'

let subjects: ReadonlySet<string> | undefined

/** Is this the name of a CA that sells certificates to anyone, and that Node.js and browsers trust? */
export function isPublicCa(name: string): boolean {
  subjects ??= new Set(tls.rootCertificates.map((pem) => readCertificate(pem).subject))
  return subjects.has(name)
}
