/** The body of a secret or a config: bytes become base64, which is how JSON can carry them. */
export function withPayload<Spec extends { readonly Data?: Uint8Array | string }>(spec: Spec): Spec {
  const data: unknown = (spec as Spec | null | undefined)?.Data
  return data instanceof Uint8Array ? { ...spec, Data: Buffer.from(data).toString('base64') } : spec
}
