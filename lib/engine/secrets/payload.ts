/** The body of a secret or a config. Encodes bytes as base64, since JSON can't hold bytes. */
export function withPayload<Spec extends { readonly Data?: Uint8Array | string }>(spec: Spec): Spec {
  const data: unknown = (spec as Spec | null | undefined)?.Data
  return data instanceof Uint8Array ? { ...spec, Data: Buffer.from(data).toString('base64') } : spec
}
